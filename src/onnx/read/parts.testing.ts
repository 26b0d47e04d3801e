/** ONNX files by hand, field by field, for tests of the reader: good ones, and any other. */

import { PbfWriter } from 'pbf'
import { ExciteError } from '../../errors/index.ts'
import { random } from '../../random/index.ts'
import { type Limits, readOnnx } from './index.ts'

export type Part = (pbf: PbfWriter) => void

export const bytesOf = (...parts: Part[]): Uint8Array => {
  const pbf = new PbfWriter()
  for (const part of parts) part(pbf)
  return pbf.finish()
}
export const int =
  (field: number, value: number): Part =>
  pbf =>
    pbf.writeVarintField(field, value)
export const text =
  (field: number, value: string): Part =>
  pbf =>
    pbf.writeStringField(field, value)
export const raw =
  (field: number, ...bytes: number[]): Part =>
  pbf =>
    pbf.writeBytesField(field, Uint8Array.from(bytes))
export const part =
  (field: number, ...parts: Part[]): Part =>
  pbf =>
    pbf.writeBytesField(field, bytesOf(...parts))
/** Bytes as they are, outside of any field. */
export const loose =
  (...bytes: number[]): Part =>
  pbf => {
    for (const byte of bytes) {
      pbf.realloc(1)
      pbf.buf[pbf.pos++] = byte
    }
  }

export const names = (field: number, list: readonly string[]): Part[] =>
  list.map(one => text(field, one))
export const node = (inputs: string[], outputs: string[], opType = 'Relu', ...more: Part[]): Part =>
  part(1, ...names(1, inputs), ...names(2, outputs), text(4, opType), ...more)
export const value = (field: number, name: string, ...type: Part[]): Part =>
  part(field, text(1, name), ...type)
export const typed = (...dims: Part[]): Part => part(2, part(1, int(1, 1), part(2, ...dims)))
export const tensor = (name: string, ...parts: Part[]): Part => part(5, text(8, name), ...parts)
export const attribute = (...parts: Part[]): Part => part(5, ...parts)

export const opset = part(8, text(1, ''), int(2, 17))
export const model = (...graph: Part[]): Uint8Array => bytesOf(int(1, 8), part(7, ...graph), opset)

export const x = value(11, 'x', typed(part(1, text(2, 'N')), part(1, int(1, 3))))
export const y = value(12, 'y')
export const relu = node(['x'], ['y'])
export const withTensor = (...parts: Part[]): Uint8Array =>
  model(node(['x', 'w'], ['y'], 'Add'), x, y, tensor('w', ...parts))
export const withAttribute = (...parts: Part[]): Uint8Array =>
  model(node(['x'], ['y'], 'Relu', attribute(...parts)), x, y)
export const ones = [0, 0, 128, 63, 0, 0, 128, 63]
export const two = int(1, 2)
export const float32 = int(2, 1)
export const good = withTensor(two, float32, raw(9, ...ones))

export const letters = (content: string): Uint8Array => new TextEncoder().encode(content)

const scalar = (field: number, name: string, type: number): Part =>
  value(field, name, part(2, part(1, int(1, type), part(2))))
const [INT64, BOOL] = [7, 9]
const endlessBody: Part = part(
  6,
  text(2, 'body'),
  node(['on'], ['stays'], 'Identity'),
  node(['v'], ['w']),
  scalar(11, 'i', INT64),
  scalar(11, 'on', BOOL),
  value(11, 'v', typed()),
  scalar(12, 'stays', BOOL),
  value(12, 'w', typed()),
)

/** A Loop without a count, whose condition stays what it is. */
export const endlessly = (from: string, to: string): Part =>
  node(['', '', from], [to], 'Loop', part(5, text(1, 'body'), endlessBody, int(20, 5)))

/** What a file is refused with. */
export const problem = (bytes: Uint8Array, limits?: Limits): ExciteError => {
  try {
    readOnnx(bytes, 'some.onnx', limits)
  } catch (error) {
    if (error instanceof ExciteError) return error
    throw error
  }
  throw new Error('it was read')
}

/** One way or another that bytes go wrong, decided by the number of the case. */
export const mutated = (bytes: Uint8Array, seed: number): Uint8Array => {
  const draw = random(seed).fork('mutation')
  const result = [...bytes]
  for (let change = 0; change <= draw.below(0, 2); change++) {
    const own = draw.fork(change)
    const at = own.below(0, result.length)
    const ways = [
      () => result.splice(at, 1, own.below(1, 256)),
      () => result.splice(at, 1, result[at] ^ (1 << own.below(1, 8))),
      () => result.splice(at, own.below(1, 9)),
      () => result.splice(at, 0, ...result.slice(at, at + own.below(1, 30))),
      () => result.splice(at, 0, ...new Array(own.below(1, 12)).fill(0xff)),
      () => result.splice(at, result.length),
      () => result.splice(at, 1, 0x7f),
    ]
    ways[own.below(2, ways.length)]()
    if (result.length === 0) result.push(0)
  }
  return Uint8Array.from(result)
}
