/** Whose tensors a file holds: found for every network that is listed, by names and shapes alone. */

import { describe, expect, it } from 'vitest'
import { type ModelOptions, model, modelNames } from '../models/registry.ts'
import { variables } from '../nn/index.ts'
import { described, likelyModels, nearestModels } from './nearest.ts'
import type { Entry } from './stored.ts'

const hint = (entries: ReadonlyMap<string, Entry>): string => described(likelyModels(entries))

const entriesOf = (name: string, options: ModelOptions = {}, call = (name: string) => name) =>
  new Map(
    variables(model(name, options).network).map(({ name, tensor }): [string, Entry] => [
      call(name),
      { dtype: 'F32', shape: tensor.shape, read: () => new Float32Array() },
    ]),
  )

describe('the nearest network', () => {
  it('is itself, whatever its classes and colors', () => {
    for (const name of modelNames.filter((_, i) => i % 9 === 0)) {
      const found = nearestModels(entriesOf(name, { classes: 7, channels: 1 }))
      expect(found.map(({ model }) => model)).toContain(name)
      expect(found[0].misfits).toBe(0)
    }
  })

  it('is found under the names of another project', () => {
    const cadene = entriesOf('se-resnet50', {}, name =>
      name
        .replace(/^(conv1|bn1)\./, 'module.layer0.$1.')
        .replace('.se.', '.se_module.')
        .replace(/^fc\./, 'last_linear.'),
    )
    expect(hint(cadene)).toBe('the tensors of se-resnet50')
  })

  it('is named with others of the same tensors', () => {
    expect(hint(entriesOf('sknet50'))).toBe('the tensors of sk-resnext50 or sknet50')
  })

  it('is said to be near only', () => {
    const near = hint(entriesOf('resnet20', { attention: 'cbam' }))
    expect(near).toMatch(/^tensors nearest to those of resnet20, which \d+ do not fit$/)
  })

  it('is not guessed from strangers', () => {
    const entry: Entry = { dtype: 'F32', shape: [3], read: () => new Float32Array() }
    expect(hint(new Map([['conv1.weight', entry]]))).toBe('tensors of no network here')
    expect(hint(new Map())).toBe('tensors of no network here')
  })
})
