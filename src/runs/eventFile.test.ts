/** Event files are what TensorBoard reads: records with checksums, of messages with the values of epochs. */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LIMITS, openReading } from '../onnx/format/wire.ts'
import { event, maskedChecksum, openEventFile } from './eventFile.ts'

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0

it('has the checksums of RFC 3720, appendix B.4', () => {
  expect(maskedChecksum(new Uint8Array(32))).toBe(masked(0x8a9136aa))
  expect(maskedChecksum(new Uint8Array(32).fill(255))).toBe(masked(0x62a8ab43))
  expect(maskedChecksum(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(masked(0x46dd794e))
})

/** The messages of a file, read by the format. */
const eventsIn = (bytes: Buffer) => {
  const events = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    const data = bytes.subarray(at + 12, at + 12 + length)
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedChecksum(bytes.subarray(at, at + 8)))
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedChecksum(data))
    events.push(event.body(openReading(data, 'events', LIMITS), length))
    at += length + 16
  }
  return events
}

it('holds every epoch, with the metrics of both splits', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-events-'))
  try {
    const before = Date.now() / 1000
    const add = await openEventFile(folder)
    const row = { learningRate: 0.25, seconds: 2, trainLoss: 1.5, testLoss: 2.5, testTop1: 0.5 }
    await add({ epoch: 1, ...row })
    await add({ epoch: 2, ...row })
    const [name] = await readdir(folder)
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./)
    const [version, first, second, ...others] = eventsIn(await readFile(join(folder, name)))
    expect(version.file_version).toBe('brain.Event:2')
    expect(others).toEqual([])
    expect([first.step, second.step]).toEqual([1, 2])
    expect(first.wall_time).toBeGreaterThanOrEqual(before)
    expect(first.summary?.value.map(({ tag, simple_value }) => [tag, simple_value])).toEqual([
      ['loss/train', 1.5],
      ['loss/validation', 2.5],
      ['top1/validation', 0.5],
      ['learning rate', 0.25],
      ['seconds per epoch', 2],
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
