/** Weights of a path: shards by their index, and files of any size by ranges. */

import { execFileSync } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inFolder } from '../../test/support/command.ts'
import { sizeOf } from '../graph/index.ts'
import { model } from '../models/registry.ts'
import { variables } from '../nn/index.ts'
import { openFileBytes } from '../platform/node/fileBytes.ts'
import { importWeights } from './import.ts'
import { importFile } from './importFile.ts'
import { readWeights } from './readWeights.ts'
import { type StoredTensor, writeSafetensors } from './safetensors.ts'

const tensors = new Map(
  variables(model('resnet8').network).map(({ name, tensor: { shape } }, i) => {
    const data = new Float32Array(sizeOf(shape)).fill(1 + i)
    return [name, { dtype: 'F32', shape, data } as StoredTensor]
  }),
)

it('reads a file by ranges as it does at once', () =>
  inFolder(async folder => {
    const bytes = writeSafetensors(tensors)
    const path = join(folder, 'a.safetensors')
    await writeFile(path, bytes)
    expect(importFile(path, { model: 'resnet8' }).trained).toMatchObject({
      card: importWeights(bytes, path, { model: 'resnet8' }).trained.card,
      tensors: new Map([...tensors].map(([name, { data }]) => [name, data])),
    })
    expect(() => importFile(folder)).toThrow('expected a file, got something else')
  }))

it('reads what lies behind 2 GiB and 4 GiB of a file', () =>
  inFolder(async folder => {
    const path = join(folder, 'large.safetensors')
    const large = 2 ** 31 + 4
    const entry = (start: number, length: number): object => ({
      dtype: 'F32',
      shape: [length / 4],
      data_offsets: [start, start + length],
    })
    const header = JSON.stringify({
      one: entry(0, large),
      a: entry(large, 8),
      two: entry(large + 8, large),
      b: entry(2 * large + 8, 8),
    })
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(BigInt(header.length))
    const file = await open(path, 'w')
    await file.write(Buffer.concat([start, Buffer.from(header)]))
    const data = 8 + header.length
    await file.write(new Float32Array([1, 2]), 0, 8, data + large)
    await file.write(new Float32Array([3, 4]), 0, 8, data + 2 * large + 8)
    await file.close()
    const bytes = openFileBytes(path)
    const { entries } = readWeights(bytes, path)
    expect([entries.get('a')?.read(), entries.get('b')?.read()]).toEqual([
      Float32Array.of(1, 2),
      Float32Array.of(3, 4),
    ])
    bytes.close()
  }))

it.skipIf(process.platform === 'win32')('refuses pipes, devices and what is not there', () =>
  inFolder(async folder => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const path of [pipe, '/dev/zero', folder])
      expect(() => importFile(path)).toThrow(`${path}: expected a file, got something else`)
    expect(() => importFile(join(folder, 'x'))).toThrow('expected a readable file, got ENOENT')
  }),
)

it('reads the shards that an index names, beside it alone', () =>
  inFolder(async folder => {
    const index = join(folder, 'model.safetensors.index.json')
    const all = [...tensors]
    const shards = { 'one.safetensors': all.slice(0, 20), 'two.safetensors': all.slice(20) }
    const map: Record<string, string> = {}
    for (const [file, some] of Object.entries(shards)) {
      await writeFile(join(folder, file), writeSafetensors(new Map(some)))
      for (const [name] of some) map[name] = file
    }
    const write = (content: unknown) => writeFile(index, JSON.stringify(content))
    await write({ weight_map: map })
    expect(importFile(index, { model: 'resnet8' }).trained.tensors.get('fc.bias')).toEqual(
      tensors.get('fc.bias')?.data,
    )
    await write({ weight_map: { ...map, 'fc.scale': 'two.safetensors' } })
    expect(() => importFile(index)).toThrow('expected "fc.scale" in two.safetensors, got none')
    for (const file of ['../two.safetensors', '/dev/zero', 7]) {
      await write({ weight_map: { ...map, 'fc.bias': file } })
      expect(() => importFile(index)).toThrow('a shard called')
    }
    await write({ weights: map })
    expect(() => importFile(index)).toThrow('got no weight_map')
  }))
