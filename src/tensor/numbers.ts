/** The elements of a tensor as numbers, whatever type they are stored in. */

import { bfloat16, half } from './float16.ts'
import type { DType, TensorData } from './tensor.ts'

/** Every element in float64; exact for all types. */
export const numbersOf = (data: TensorData, dtype: DType): Float64Array =>
  data instanceof Uint16Array
    ? Float64Array.from(data, dtype === 'bfloat16' ? bfloat16 : half)
    : Float64Array.from(data)
