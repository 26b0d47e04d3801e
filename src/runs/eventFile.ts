/**
 * TensorBoard's event files: TFRecords (length, checksum, data, checksum) of Event messages, as
 * tensorflow/core/util/event.proto and lib/io/record_writer.h have them.
 */

import { appendFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { double, float, int, many, message, one, text } from '../onnx/format/schema.ts'
import { writeFailure } from '../platform/node/files.ts'
import { type EpochRow, metricsOf } from '../train/epochRow.ts'

const scalar = message(() => ({ tag: one(1, text), simple_value: one(2, float) }))
const summary = message(() => ({ value: many(1, scalar) }))
/** One moment of a training. */
export const event = message(() => ({
  wall_time: one(1, double),
  step: one(2, int),
  file_version: one(3, text),
  summary: one(5, summary),
}))

/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
  return value
})

/** CRC-32C, turned by 15 bits with a constant added, as records have it. */
export const maskedChecksum = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8)
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** A TFRecord of some bytes. */
export const record = (data: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(16 + data.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedChecksum(bytes.subarray(0, 8)), true)
  bytes.set(data, 12)
  view.setUint32(12 + data.length, maskedChecksum(data), true)
  return bytes
}

const scalarsOf = (row: EpochRow): readonly (readonly [tag: string, value: number])[] => [
  ...(['train', 'test'] as const).flatMap(split =>
    Object.entries(metricsOf(split, row)).map(
      ([name, value]) => [`${name}/${split === 'test' ? 'validation' : split}`, value] as const,
    ),
  ),
  ['learning rate', row.learningRate],
  ['seconds per epoch', row.seconds],
]

/**
 * Begins an event file in a run's folder; each process has its own, which TensorBoard joins.
 * @returns what adds an epoch to it
 */
export const openEventFile = async (folder: string): Promise<(row: EpochRow) => Promise<void>> => {
  const now = (): number => Date.now() / 1000
  const name = `events.out.tfevents.${Math.floor(now())}.${hostname()}.${process.pid}`
  const path = join(folder, name)
  const append = async (content: Parameters<typeof event.encode>[0]): Promise<void> => {
    const bytes = record(event.encode({ wall_time: now(), ...content }))
    await appendFile(path, bytes).catch((cause: unknown) => {
      throw writeFailure(path, bytes.length, cause)
    })
  }
  await append({ file_version: 'brain.Event:2' })
  return row =>
    append({
      step: row.epoch,
      summary: {
        value: scalarsOf(row).map(([tag, simple_value]) => ({ tag, simple_value })),
      },
    })
}
