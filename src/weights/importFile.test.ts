/** Weights of a path: shards by their index, and files of any size by ranges. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inFolder } from '../../test/support/command.ts'
import { sizeOf } from '../graph/index.ts'
import { model } from '../models/registry.ts'
import { variables } from '../nn/index.ts'
import { importWeights } from './import.ts'
import { importFile } from './importFile.ts'
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
