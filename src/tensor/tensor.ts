/** Tensors in memory: a shape, a type, and elements in row-major order. */

/** Dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[]

/** What an element is. Which of these an engine computes with, it says when it compiles. */
export type DType = 'float32' | 'float64' | 'bfloat16' | 'float16' | 'int32' | 'uint8' | 'bool'

/** The types that engines of CPUs compute with. */
export const CPU_DTYPES = ['float32', 'int32', 'uint8', 'bool'] as const satisfies DType[]
export type CpuDType = (typeof CPU_DTYPES)[number]

/** An array for each type: bools are 0 and 1, floats of 16 bits their bits. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array

export interface Tensor {
  /** Engines always say it; where it is absent, it is the type of the input that the tensor is for. */
  readonly dtype?: DType | undefined
  readonly shape: Shape
  readonly data: TensorData
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>

/** Whether a type is one of the floating-point types. */
export const isFloat = (dtype: DType): boolean => /float/.test(dtype)

/** The number of elements of a shape. */
export const sizeOf = (shape: Shape): number =>
  shape.reduce((size, dimension) => size * dimension, 1)

/** @example tensor(Float32Array.of(1, 2)); tensor(bytes, [1, 3, 32, 32], 'uint8') */
export const tensor = (data: TensorData, shape: Shape = [data.length], dtype?: DType): Tensor => ({
  dtype,
  shape,
  data,
})
