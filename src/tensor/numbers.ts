/** The elements of a tensor as numbers, whatever type they are stored in. */

import { half } from './float16.ts'
import type { DType, TensorData } from './tensor.ts'

const single = new Uint32Array(1)

/** A bfloat16 is the upper half of a float32. */
const bfloat16 = (bits: number): number => {
  single[0] = bits << 16
  return new Float32Array(single.buffer)[0]
}

/** Every element in float64; exact for all types. */
export const numbersOf = (data: TensorData, dtype: DType): Float64Array =>
  data instanceof Uint16Array
    ? Float64Array.from(data, dtype === 'bfloat16' ? bfloat16 : half)
    : Float64Array.from(data)
