/** What a model takes besides images, as it is given by hand: `im_shape=640,640`. */

import { type Refuse, refuser, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { FileModel, FileValue } from '../onnx/read/index.ts'
import { halfBits } from '../tensor/float16.ts'
import { sizeOf } from '../tensor/tensor.ts'
import { readable } from '../text/visible.ts'

/** Numbers as ONNX Runtime takes them; half precision as its bits. */
export type InputData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array

/** How the numbers of each type are written; others cannot be given. */
const WRITERS: Readonly<Record<string, (values: readonly number[]) => InputData>> = {
  float32: values => Float32Array.from(values),
  float64: values => Float64Array.from(values),
  float16: values => Uint16Array.from(values, halfBits),
  int32: values => Int32Array.from(values),
  int64: values => BigInt64Array.from(values, value => BigInt(Math.trunc(value))),
  uint8: values => Uint8Array.from(values),
  int8: values => Int8Array.from(values),
  bool: values => Uint8Array.from(values, value => (value === 0 ? 0 : 1)),
}

/** A value of an input, the same for every image. */
export interface Feed {
  readonly name: string
  readonly dtype: string
  /** Of one image; the first size is the batch's where `batched`. */
  readonly shape: readonly number[]
  readonly batched: boolean
  readonly values: readonly number[]
}

/** `scale_factor: float32 [N, 2]` */
export const inputText = ({ name, dtype, shape }: FileValue): string => {
  const sizes = shape?.map(size => (typeof size === 'string' ? readable(size) : (size ?? '?')))
  return `${readable(name)}: ${dtype ?? 'no tensor'} [${sizes?.join(', ') ?? '?'}]`
}

const feedOf = (input: FileValue, given: readonly number[], file: string): Feed => {
  const refuse: Refuse = refuser(UsageError, `${file}, \`feeds\` ${readable(input.name)}`)
  const { name, dtype = '', shape = [] } = input
  if (!Object.hasOwn(WRITERS, dtype))
    refuse(`an input of ${Object.keys(WRITERS).join(', ')}`, inputText(input))
  const free = shape.map((size, i) => (typeof size === 'number' && size > 0 ? -1 : i))
  const batched = free[0] === 0
  const known = shape.map((size, i) => (free[i] === -1 ? (size as number) : 1))
  // One size that is free besides the batch is what the numbers make it.
  const open = free.filter(i => i > 0)
  if (open.length === 1 && given.length % sizeOf(known) === 0)
    known[open[0]] = given.length / sizeOf(known)
  const count = sizeOf(known)
  if (given.length !== 1 && given.length !== count)
    refuse(`${count === 1 ? '1 number' : `${count} numbers, or one for all`}`, `${given.length}`)
  const values = given.length === count ? given : Array.from({ length: count }, () => given[0])
  return { name, dtype, shape: known, batched, values }
}

/**
 * Values for all inputs but the image.
 * @param given - numbers by the inputs' names
 * @throws UsageError when one is missing, unknown, or does not fit
 */
export const feedsOf = (
  { graph }: FileModel,
  image: string,
  given: ReadonlyMap<string, readonly number[]>,
  file: string,
): readonly Feed[] => {
  const others = graph.inputs.filter(({ name }) => name !== image)
  const names = others.map(({ name }) => name)
  for (const name of given.keys())
    if (!names.includes(name))
      throw new UsageError({
        where: `${file}, \`feeds\``,
        expected:
          names.length === 0
            ? 'nothing: it takes images alone'
            : `one of ${names.map(one => readable(one)).join(', ')}`,
        got: readable(name),
        hint: suggestion(name, names),
      })
  const missing = others.filter(({ name }) => !given.has(name))
  if (missing.length > 0)
    throw new UsageError({
      where: file,
      expected: `a value for each input beside the image, ${readable(image)}`,
      got: `none for ${missing.map(inputText).join('; ')}`,
      hint: `Give ${readable(missing[0].name)} its numbers by \`feeds\`; without images, its blocks are listed all the same`,
    })
  return others.map(input => feedOf(input, given.get(input.name) ?? [], file))
}

/** What goes into a run of so many images. */
export interface InputTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: InputData
}

export const tensorOf = (
  dtype: string,
  shape: readonly number[],
  values: readonly number[] | Float32Array,
): InputTensor => {
  if (dtype === 'float32' && values instanceof Float32Array) return { dtype, shape, data: values }
  return { dtype, shape, data: WRITERS[dtype](Array.from(values)) }
}

export const fed = ({ dtype, shape, batched, values }: Feed, batch: number): InputTensor => {
  if (!batched) return tensorOf(dtype, shape, values)
  const all = Array.from({ length: batch }, () => values).flat()
  return tensorOf(dtype, [batch, ...shape.slice(1)], all)
}
