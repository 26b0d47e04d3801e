/** Kernels in WGSL, for WebGPU. */

import type { Dialect, Frame } from './dialect.ts'
import type { Kernel, Rendered } from './kernel.ts'
import type { Element } from './placement.ts'
import { render } from './render.ts'

/**
 * WGSL may assume that no number is NaN or infinite, so what must keep NaN, or know infinities, asks
 * bits. An infinity cannot be written either: it comes of a variable's bits.
 */
const HELPERS = `
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }
fn ordered(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  return select(bits, -(bits & 0x7fffffff), bits < 0);
}
fn greater(a: f32, b: f32) -> bool { return ordered(a) > ordered(b) && !isNan(a) && !isNan(b); }
fn equal(a: f32, b: f32) -> bool { return ordered(a) == ordered(b) && !isNan(a) && !isNan(b); }
fn largest(a: f32, b: f32) -> f32 { return select(select(b, a, a > b), a + b, isNan(a) || isNan(b)); }
fn least(a: f32, b: f32) -> f32 { return select(select(b, a, a < b), a + b, isNan(a) || isNan(b)); }
fn relu(x: f32) -> f32 { return select(0.0, x, x > 0.0 || isNan(x)); }
fn signOf(x: f32) -> f32 { return select(f32(sign(ordered(x))), x, isNan(x)); }
fn tanhOf(x: f32) -> f32 { return select(tanh(clamp(x, -15.0, 15.0)), x, isNan(x)); }
fn expOf(x: f32) -> f32 { return select(exp(x), x, isNan(x)); }
fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + expOf(-x)); }`

const STORAGE: Record<Element, string> = { float32: 'f32', int32: 'i32', bool: 'u32', uint8: 'u32' }

const number = (value: number): string => {
  if (Number.isNaN(value)) return '(infinity() - infinity())'
  if (!Number.isFinite(value)) return value > 0 ? 'infinity()' : '(-infinity())'
  const text = `${Math.fround(value)}`
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`
}

export const wgsl: Dialect = {
  calls: {
    abs: x => `abs(${x})`,
    add: (a, b) => `(${a} + ${b})`,
    and: (a, b) => `(${a} && ${b})`,
    choose: (condition, a, b) => `select(${b}, ${a}, ${condition})`,
    div: (a, b) => `(${a} / ${b})`,
    equal: (a, b) => `equal(${a}, ${b})`,
    exp: x => `expOf(${x})`,
    float: x => `f32(${x})`,
    greater: (a, b) => `greater(${a}, ${b})`,
    int: x => `i32(${x})`,
    isFinite: x => `isFinite(${x})`,
    less: (a, b) => `greater(${b}, ${a})`,
    log: x => `log(${x})`,
    max: (a, b) => `largest(${a}, ${b})`,
    min: (a, b) => `least(${a}, ${b})`,
    mul: (a, b) => `(${a} * ${b})`,
    neg: x => `(-${x})`,
    power: (a, b) => `pow(${a}, ${b})`,
    relu: x => `relu(${x})`,
    sigmoid: x => `sigmoid(${x})`,
    sign: x => `signOf(${x})`,
    sqrt: x => `sqrt(${x})`,
    sub: (a, b) => `(${a} - ${b})`,
    tanh: x => `tanhOf(${x})`,
  },
  types: { float: 'f32', int: 'i32', bool: 'bool' },
  constant: (value, type) =>
    type === 'float' ? number(value) : type === 'int' ? `${value}i` : `${value !== 0}`,
  declare: (type, name, value) => `let ${name}: ${wgsl.types[type]} = ${value};`,
  variable: (type, name, value) => `var ${name}: ${wgsl.types[type]} = ${value};`,
  loop: (name, from, below, by) =>
    `for (var ${name} = ${from}; ${name} < ${below}; ${name} += ${by})`,
  barrier: 'workgroupBarrier();',
  thread: 'i32(local.x)',
  group: 'i32(group.x + group.y * groups.x)',
  offset: index => `offsets[${index >> 2}].${'xyzw'[index & 3]}`,
  loaded: (element, text) => (element === 'bool' ? `(${text} != 0u)` : text),
  byte: (word, place) => `i32((${word} >> (8u * u32(${place}))) & 255u)`,
  stored: (element, text) => (element === 'bool' ? `u32(${text})` : text),
  declareWide: (element, name, text) => `let ${name}: vec4<${STORAGE[element]}> = ${text};`,
  wide: (element, lanes) => `vec4<${STORAGE[element]}>(${lanes.join(', ')})`,
  frame: ({ bindings, offsets, groupSize, shared, body }: Frame) => {
    const buffers = bindings.map(({ name, buffer, writes, wide }, i) => {
      const storage = wide ? `vec4<${STORAGE[buffer.element]}>` : STORAGE[buffer.element]
      const access = writes ? 'read_write' : 'read'
      return `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${storage}>;`
    })
    const uniform = `@group(0) @binding(${bindings.length}) var<uniform> offsets: array<vec4<i32>, ${Math.ceil(offsets / 4)}>;`
    const memory = shared.map(
      ({ name, type, size }) => `var<workgroup> ${name}: array<${wgsl.types[type]}, ${size}>;`,
    )
    return `${HELPERS.trimStart()}

${[...buffers, ...(offsets > 0 ? [uniform] : []), ...memory].join('\n')}

@compute @workgroup_size(${groupSize})
fn main(@builtin(local_invocation_id) local: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>,
        @builtin(num_workgroups) groups: vec3<u32>) {
${body.map(line => `  ${line}`).join('\n')}
}
`
  },
}

export const renderWgsl = (kernel: Kernel): Rendered => render(wgsl, kernel)
