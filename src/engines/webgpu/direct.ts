/** A contraction by a thread an element: no workgroup memory; for narrow groups and short sums. */

import { type Contraction, modulo, over, type Side, type Wgsl } from './contraction.ts'

/** Threads of a workgroup where they share nothing. */
export const THREADS = 64

/** The thread's number among all, of workgroups in as many rows as it takes. */
export const numbered = (workgroups: readonly number[]): Wgsl =>
  `i32((w.y * ${workgroups[0]}u + w.x) * ${THREADS}u + t)`

/** One element of a side. */
const element = (side: Side, name: string): Wgsl => {
  const { index, inside = '' } = side.at(`${name}_z`, `${name}_o`, `${name}_k`)
  const value = `${side.buffer}[${index}]`
  return inside === ''
    ? `let ${name}_v = ${value};`
    : `var ${name}_v = 0.0; if (${inside}) { ${name}_v = ${value}; }`
}

/** The kernel; `write` puts one element in its place. */
export const direct = (
  { batch, m, n, k, a, b, y }: Contraction,
  parts: number,
  workgroups: readonly number[],
  write: (row: Wgsl, column: Wgsl, value: Wgsl) => Wgsl,
): Wgsl => {
  const part = Math.ceil(k / parts)
  // Neighbours in the result are made by neighbouring threads.
  const [fast, slow, size] = y.along === 'inner' ? ['c', 'r', n] : ['r', 'c', m]
  return `@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) t: u32) {
let id = ${numbered(workgroups)};
if (id >= ${batch * m * n * parts}) { return; }
let part = ${over('id', batch * m * n)};
let e = ${modulo('id', batch * m * n)};
let z = ${over('e', m * n)};
let ${fast} = ${modulo('e', size)};
let ${slow} = ${modulo(over('e', size), (m * n) / size)};
${a.batch('a_z', 'z')}
${b.batch('b_z', 'z')}
${a.outer('a_o', 'r')}
${b.outer('b_o', 'c')}
var sum = 0.0;
${
  k === 0
    ? ''
    : `for (var k = part * ${part}; k < min(${k}, part * ${part} + ${part}); k++) {
${a.inner('a_k', 'k')}
${b.inner('b_k', 'k')}
${element(a, 'a')}
${element(b, 'b')}
sum = fma(a_v, b_v, sum);
}`
}
${write('r', 'c', 'sum')}
}`
}
