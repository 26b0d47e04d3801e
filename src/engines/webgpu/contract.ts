/** Contractions as kernels: tiled or direct, their sums in one pass or split in parts that a second adds. */

import { type Contraction, elementOf, modulo, over, type Side, type Wgsl } from './contraction.ts'
import type { Device } from './device.ts'
import { direct, numbered, THREADS } from './direct.ts'
import { chooseTile, isTiled, partsOf } from './tile.ts'
import { tiled } from './tiled.ts'

/** A kernel without its memory; it is told where its operands begin in a uniform after its buffers. */
export interface Kernel {
  readonly code: Wgsl
  /** What the bindings are, in order: variables of buffers, and PARTIAL. */
  readonly bindings: readonly string[]
  readonly workgroups: readonly [number, number, number]
  /** Whether its threads wait for each other. */
  readonly hasBarriers: boolean
}

/** The buffer of partial sums. */
export const PARTIAL = 'partial'

const MOST_WORKGROUPS = 65535

/** So many threads in workgroups of as many rows as it takes. */
export const workgroupsOf = (threads: number): [number, number, number] => {
  const count = Math.ceil(threads / THREADS)
  const rows = Math.ceil(count / MOST_WORKGROUPS)
  return [Math.ceil(count / rows), rows, 1]
}

export const kernel = (
  sides: readonly Pick<Side, 'buffer' | 'width'>[],
  workgroups: Kernel['workgroups'],
  body: Wgsl,
): Kernel => {
  const types = new Map(sides.map(side => [side.buffer, elementOf(side)]))
  const declared = [...types].map(
    ([name, type], i) =>
      `@group(0) @binding(${i}) var<storage, read_write> ${name}: array<${type}>;`,
  )
  return {
    code: [...declared, `@group(0) @binding(${types.size}) var<uniform> starts: vec4i;`, body].join(
      '\n',
    ),
    bindings: [...types.keys()],
    workgroups,
    hasBarriers: body.includes('workgroupBarrier'),
  }
}

const narrow = (side: Side): Side => ({ ...side, width: 1 })

/** Reads and writes of one buffer agree on how wide they are. */
const agreed = (contraction: Contraction): Contraction => {
  const { a, b } = contraction
  // Four columns are written at once, never four rows.
  const y = contraction.y.along === 'inner' ? contraction.y : narrow(contraction.y)
  const sides = [a, b, y]
  const settle = (side: Side): Side =>
    sides.every(other => other.buffer !== side.buffer || other.width === side.width)
      ? side
      : narrow(side)
  return { ...contraction, a: settle(a), b: settle(b), y: settle(y) }
}

/** Reads and writes one by one. */
const narrowed = (contraction: Contraction): Contraction => {
  const { a, b, y } = contraction
  return { ...contraction, a: narrow(a), b: narrow(b), y: narrow(y) }
}

/** Puts values in their places in y: those of columns that follow each other. */
const writer =
  ({ n, y, epilogue = value => value }: Contraction) =>
  (row: Wgsl, column: Wgsl, values: readonly Wgsl[]): Wgsl => {
    const finished = values.map((value, i) => epilogue(value, row, `(${column} + ${i})`))
    const place = (name: string, i: number): Wgsl => y.inner(name, `(${column} + ${i})`)
    const index = (name: string): Wgsl => y.at('y_z', 'y_o', name).index
    const start = `${y.batch('y_z', 'z')}\n${y.outer('y_o', row)}`
    if (y.width === 4 && values.length === 4)
      return `${start}\n${place('y_i', 0)}\n${y.buffer}[(${index('y_i')}) / 4] = vec4f(${finished.join(', ')});`
    const one = finished.map((value, i) => {
      const name = `y_i${i}`
      return `if (${column} + ${i} < ${n}) { ${place(name, i)} ${y.buffer}[${index(name)}] = ${value}; }`
    })
    return [start, ...one].join('\n')
  }

/** Adds the parts of every sum in their order. */
const addParts = (contraction: Contraction, parts: number): Kernel => {
  const { batch, m, n, y } = contraction
  const total = batch * m * n
  const workgroups = workgroupsOf(total)
  return kernel(
    [
      { buffer: PARTIAL, width: 1 },
      { ...y, width: 1 },
    ],
    workgroups,
    `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
let id = ${numbered(workgroups)};
if (id >= ${total}) { return; }
var sum = 0.0;
for (var i = 0; i < ${parts}; i++) { sum += ${PARTIAL}[i * ${total} + id]; }
let z = ${over('id', m * n)};
let r = ${modulo(over('id', n), m)};
let c = ${modulo('id', n)};
${writer({ ...contraction, y: narrow(y) })('r', 'c', ['sum'])}
}`,
  )
}

/** Partial sums lie one after the other: [part][batch][m][n]. */
const partial = ({ batch, m, n }: Contraction): Side => ({
  buffer: PARTIAL,
  width: 1,
  along: 'inner',
  batch: (name, z) => `let ${name}z = (part * ${batch} + ${z}) * ${m * n};`,
  outer: (name, row) => `let ${name}i = ${row} * ${n};`,
  inner: (name, column) => `let ${name}i = ${column};`,
  at: (z, outer, inner) => ({ index: `${z}z + ${outer}i + ${inner}i` }),
})

export interface Contracted {
  readonly kernels: readonly Kernel[]
  /** Elements of the buffer of partial sums. */
  readonly partial: number
}

/** The kernels of a contraction, in order. */
export const contract = (
  given: Contraction,
  device: Pick<Device, 'isSoftware' | 'limits'>,
): Contracted => {
  const isInTiles = isTiled(given)
  const whole = isInTiles ? agreed(given) : narrowed(given)
  const { batch, m, n, k, a, b } = whole
  const tile = chooseTile(whole, device)
  const parts = isInTiles ? tile.parts : partsOf(Math.ceil((batch * m * n) / THREADS), k, device)
  const first: Contraction =
    parts === 1 ? whole : { ...whole, y: partial(whole), epilogue: undefined }
  const write = writer(first)
  const make = (): Kernel => {
    const sides = k === 0 ? [first.y] : [a, b, first.y]
    if (!isInTiles) {
      const workgroups = workgroupsOf(batch * m * n * parts)
      return kernel(
        sides,
        workgroups,
        direct(first, parts, workgroups, (r, c, v) => write(r, c, [v])),
      )
    }
    return kernel(
      sides,
      [Math.ceil(m / tile.m), Math.ceil(n / tile.n), batch * parts],
      tiled(first, tile, (r, c, v) =>
        write(
          r,
          c,
          [...'xyzw'].map(name => `${v}.${name}`),
        ),
      ),
    )
  }
  return {
    kernels: parts === 1 ? [make()] : [make(), addParts(whole, parts)],
    partial: parts === 1 ? 0 : parts * batch * m * n,
  }
}
