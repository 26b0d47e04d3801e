/**
 * A contraction by tiles: a workgroup brings a tile of both sides into its memory, and each of its
 * threads multiplies a few rows by four columns of them, until the sum is done.
 */

import { type Contraction, elementOf, type Side, type Wgsl } from './contraction.ts'
import type { Tile } from './tile.ts'

const range = (count: number): number[] => [...Array(count).keys()]
const lines = (count: number, each: (i: number) => Wgsl): Wgsl => range(count).map(each).join('\n')

/** A read of a side, 0 where nothing lies and beyond the end of the sum. */
const read = (side: Side, name: string, outer: string, inner: string, within: Wgsl): Wgsl => {
  const { index, inside = '' } = side.at(`${name}_z`, outer, inner)
  const value = `${side.buffer}[${side.width === 4 ? `(${index}) / 4` : index}]`
  const guards = [within, inside].filter(text => text !== '').join(' && ')
  if (guards === '') return `let v = ${value};`
  return `var v = ${elementOf(side)}(0); if (${guards}) { v = ${value}; }`
}

/** How the threads of a workgroup share the reads of a side's tile. */
const sharing = (side: Side, height: number, { k, threads }: Tile) => {
  const { width, along } = side
  const fast = (along === 'inner' ? k : height) / width
  const slow = along === 'inner' ? height : k
  return {
    width,
    along,
    fast,
    slow,
    step: threads / fast,
    reads: Math.ceil((slow * fast) / threads),
  }
}

/** Rows of which a thread remembers where they lie; of more it computes it each time. */
const MOST_HELD = 4

/** Declares what of a side does not change along the sum. */
const before = (side: Side, name: string, first: Wgsl, height: number, tile: Tile): Wgsl => {
  const { width, along, fast, step, reads } = sharing(side, height, tile)
  const outer = (i: number, at: Wgsl): Wgsl => side.outer(`${name}_o${i}`, `(${first} + ${at})`)
  const held = reads > MOST_HELD ? 0 : reads
  return `${side.batch(`${name}_z`, 'z')}
let ${name}_fast = i32(t % ${fast}u) * ${width};
let ${name}_slow = i32(t / ${fast}u);
${along === 'outer' ? outer(0, `${name}_fast`) : lines(held, i => outer(i, `${name}_slow + ${i * step}`))}`
}

/** Brings a side's tile from the term `k0` on into workgroup memory, [k][row / 4]. */
const bring = (
  side: Side,
  name: string,
  first: Wgsl,
  height: number,
  tile: Tile,
  end: Wgsl,
): Wgsl => {
  const { width, along, slow, step, reads } = sharing(side, height, tile)
  const place = (k: Wgsl, row: Wgsl): Wgsl => `${name}_tile[(${k}) * ${height / 4} + (${row}) / 4]`
  const store = (k: Wgsl, row: Wgsl): Wgsl => {
    if (width === 1) return `${place(k, row)}[(${row}) & 3] = v;`
    if (along === 'outer') return `${place(k, row)} = v;`
    return lines(4, i => `${place(`${k} + ${i}`, row)}[(${row}) & 3] = v[${i}];`)
  }
  const within = (k: Wgsl): Wgsl => (end === '' ? '' : `k0 + ${k} < ${end}`)
  const [fast, walk] = [`${name}_fast`, `${name}_slow + i * ${step}`]
  const guarded = (at: Wgsl, body: Wgsl): Wgsl =>
    reads * step > slow ? `if (${at} < ${slow}) {\n${body}\n}` : `{\n${body}\n}`
  if (along === 'outer')
    return `for (var i = 0; i < ${reads}; i++) { ${guarded(
      walk,
      `${side.inner('q', `(k0 + ${walk})`)}
${read(side, name, `${name}_o0`, 'q', within(walk))}
${store(walk, fast)}`,
    )} }`
  const row = (at: Wgsl, outer: string): Wgsl =>
    guarded(at, `${read(side, name, outer, 'q', within(fast))}\n${store(fast, at)}`)
  const rows =
    reads > MOST_HELD
      ? `for (var i = 0; i < ${reads}; i++) {
${side.outer('o', `(${first} + ${walk})`)}
${row(walk, 'o')}
}`
      : lines(reads, i => row(`${name}_slow + ${i * step}`, `${name}_o${i}`))
  return `{\n${side.inner('q', `(k0 + ${fast})`)}\n${rows}\n}`
}

/** What a thread adds to its rows of the result for one term of the sum. */
const multiply = ({ m, n, rows }: Tile): Wgsl => {
  const quads = rows / 4
  return `let b = b_tile[kk * ${n / 4} + tx];
${lines(quads, i => `let a${i} = a_tile[kk * ${m / 4} + ty * ${quads} + ${i}];`)}
${lines(rows, i => `sum${i} = fma(vec4f(a${i >> 2}.${'xyzw'[i & 3]}), b, sum${i});`)}`
}

/** The kernel; `write` puts four columns of a row in their places. */
export const tiled = (
  { m, n, k, a, b }: Contraction,
  tile: Tile,
  write: (row: Wgsl, column: Wgsl, value: Wgsl) => Wgsl,
): Wgsl => {
  const part = Math.ceil(k / tile.parts / tile.k) * tile.k
  // Only the last tile of a part can be one of few terms.
  const end = k % tile.k === 0 ? '' : `${k}`
  return `var<workgroup> a_tile: array<vec4f, ${(tile.k * tile.m) / 4}>;
var<workgroup> b_tile: array<vec4f, ${(tile.k * tile.n) / 4}>;
@compute @workgroup_size(${tile.threads})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
let z = i32(w.z) / ${tile.parts};
let part = i32(w.z) % ${tile.parts};
let row = i32(w.x) * ${tile.m};
let column = i32(w.y) * ${tile.n};
let tx = i32(t) % ${tile.n / 4};
let ty = i32(t) / ${tile.n / 4};
${before(a, 'a', 'row', tile.m, tile)}
${before(b, 'b', 'column', tile.n, tile)}
${lines(tile.rows, i => `var sum${i} = vec4f(0);`)}
for (var k0 = part * ${part}; k0 < min(${k}, part * ${part} + ${part}); k0 += ${tile.k}) {
${bring(a, 'a', 'row', tile.m, tile, end)}
${bring(b, 'b', 'column', tile.n, tile, end)}
workgroupBarrier();
for (var kk = 0; kk < ${tile.k}; kk++) {
${multiply(tile)}
}
workgroupBarrier();
}
${lines(
  tile.rows,
  i => `{ let r = row + ty * ${tile.rows} + ${i}; let c = column + tx * 4; if (r < ${m} && c < ${n}) {
${write('r', 'c', `sum${i}`)}
} }`,
)}
}`
}
