/** Kernels in CUDA C++, for NVRTC: no headers, which are absent where no toolkit is. */

import type { Dialect, Frame } from './dialect.ts'
import type { Kernel, Rendered } from './kernel.ts'
import type { Element } from './placement.ts'
import { render } from './render.ts'

/** `fmaxf` and `fminf` drop NaN, so extremes that keep it are spelled out. */
const HELPERS = `
__device__ inline bool isNan(float x) { return x != x; }
__device__ inline bool isFinite(float x) { return (__float_as_int(x) & 0x7f800000) != 0x7f800000; }
__device__ inline float infinity() { return __int_as_float(0x7f800000); }
__device__ inline float largest(float a, float b) { return isNan(a) || isNan(b) ? a + b : a > b ? a : b; }
__device__ inline float least(float a, float b) { return isNan(a) || isNan(b) ? a + b : a < b ? a : b; }
__device__ inline float relu(float x) { return x > 0.0f || isNan(x) ? x : 0.0f; }
__device__ inline float signOf(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }
__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }`

const STORAGE: Record<Element, string> = {
  float32: 'float',
  int32: 'int',
  bool: 'unsigned',
  uint8: 'unsigned',
}

/** Four side by side. */
const WIDE: Record<Element, string> = {
  float32: 'float4',
  int32: 'int4',
  bool: 'uint4',
  uint8: 'uint4',
}

const number = (value: number): string => {
  if (Number.isNaN(value)) return '(infinity() - infinity())'
  if (!Number.isFinite(value)) return value > 0 ? 'infinity()' : '(-infinity())'
  const text = `${Math.fround(value)}`
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`
}

export const cuda: Dialect = {
  calls: {
    abs: x => `fabsf(${x})`,
    add: (a, b) => `(${a} + ${b})`,
    and: (a, b) => `(${a} && ${b})`,
    choose: (condition, a, b) => `(${condition} ? ${a} : ${b})`,
    div: (a, b) => `(${a} / ${b})`,
    equal: (a, b) => `(${a} == ${b})`,
    exp: x => `expf(${x})`,
    float: x => `(float)(${x})`,
    greater: (a, b) => `(${a} > ${b})`,
    int: x => `(int)(${x})`,
    isFinite: x => `isFinite(${x})`,
    less: (a, b) => `(${a} < ${b})`,
    log: x => `logf(${x})`,
    max: (a, b) => `largest(${a}, ${b})`,
    min: (a, b) => `least(${a}, ${b})`,
    mul: (a, b) => `(${a} * ${b})`,
    neg: x => `(-${x})`,
    power: (a, b) => `powf(${a}, ${b})`,
    relu: x => `relu(${x})`,
    sigmoid: x => `sigmoid(${x})`,
    sign: x => `signOf(${x})`,
    sqrt: x => `sqrtf(${x})`,
    sub: (a, b) => `(${a} - ${b})`,
    tanh: x => `tanhf(${x})`,
  },
  types: { float: 'float', int: 'int', bool: 'bool' },
  constant: (value, type) =>
    type === 'float' ? number(value) : type === 'int' ? `${value}` : `${value !== 0}`,
  declare: (type, name, value) => `const ${cuda.types[type]} ${name} = ${value};`,
  variable: (type, name, value) => `${cuda.types[type]} ${name} = ${value};`,
  loop: (name, from, below, by) =>
    `for (int ${name} = ${from}; ${name} < ${below}; ${name} += ${by})`,
  barrier: '__syncthreads();',
  thread: '(int)threadIdx.x',
  group: '(int)(blockIdx.x + blockIdx.y * gridDim.x)',
  offset: index => `offsets[${index}]`,
  loaded: (element, text) => (element === 'bool' ? `(${text} != 0u)` : text),
  byte: (word, place) => `(int)((${word} >> (8 * (${place}))) & 255u)`,
  stored: (element, text) => (element === 'bool' ? `(unsigned)(${text})` : text),
  declareWide: (element, name, text) => `const ${WIDE[element]} ${name} = ${text};`,
  wide: (element, lanes) => `make_${WIDE[element]}(${lanes.join(', ')})`,
  frame: ({ bindings, offsets, groupSize, shared, body }: Frame) => {
    const buffers = bindings.map(({ name, buffer: { element }, writes, wide }) => {
      const storage = wide ? WIDE[element] : STORAGE[element]
      return `${writes ? '' : 'const '}${storage}* __restrict__ ${name}`
    })
    const all = [...buffers, ...(offsets > 0 ? ['const int* __restrict__ offsets'] : [])]
    const memory = shared.map(
      ({ name, type, size }) => `  __shared__ ${cuda.types[type]} ${name}[${size}];`,
    )
    return `${HELPERS.trimStart()}

extern "C" __global__ __launch_bounds__(${groupSize})
void kernel(${all.join(', ')}) {
${[...memory, ...body.map(line => `  ${line}`)].join('\n')}
}
`
  },
}

export const renderCuda = (kernel: Kernel): Rendered => render(cuda, kernel)
