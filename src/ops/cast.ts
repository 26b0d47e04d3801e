/** A tensor in another type: bools as 0 or 1, whole numbers as floats and back, floats of another precision. */

import { type DType, isFloat, type Value } from '../graph/index.ts'
import { apply, type Operation } from './operation.ts'

export interface CastAttributes {
  /** A float type; or int32, for floats that are whole. */
  readonly dtype: DType
}

export const castOp: Operation<'cast', CastAttributes> = {
  name: 'cast',
  infer: ([x], { dtype }, refuse) => {
    if (!isFloat(dtype) && !(dtype === 'int32' && isFloat(x.dtype)))
      refuse('a float type to cast to, or floats to int32', `${x.dtype} to ${dtype}`)
    if (x.dtype === dtype) refuse(`an input of another type than ${dtype}`, x.dtype)
    return [{ dtype, shape: x.shape }]
  },
  gradient: ({ inputs: [x], attributes: { dtype }, cotangents: [dy] }) => [
    isFloat(x.dtype) && isFloat(dtype) ? cast(dy, x.dtype) : undefined,
  ],
}

export const cast = (x: Value, dtype: DType = 'float32'): Value => apply(castOp, [x], { dtype })[0]
