/** Summaries: rows that add up, shapes, and folding by depth. */

import { describe, expect, it } from 'vitest'
import { sizeOf } from '../graph/index.ts'
import { variables } from '../nn/index.ts'
import { type ModelOptions, model } from './registry.ts'
import { type LayerRow, type Summary, summarize } from './summary.ts'

const rowOf = ({ rows }: Summary, path: string): LayerRow =>
  rows.find(row => row.path === path) ?? expect.fail(`no row ${path}`)

const parametersOf = (name: string, prefix = ''): number =>
  variables(model(name).network)
    .filter(({ name, tensor }) => tensor.kind === 'parameter' && name.startsWith(prefix))
    .reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)

const NETWORKS = ['resnet20', 'se-resnet18', 'gct-resnet50', 'sknet26', 'se-resnet164']
const DEPTHS = [0, 1, 2, 3, 4, Number.POSITIVE_INFINITY]

describe('totals', () => {
  it.each(NETWORKS)('of %s are the sums of its rows, at every depth', name => {
    const whole = summarize(model(name))
    expect(whole.parameters).toBe(parametersOf(name))
    for (const depth of DEPTHS) {
      const { rows, ...totals } = summarize(model(name), undefined, depth)
      for (const of of ['parameters', 'multiplyAdds'] as const)
        expect(rows.reduce((sum, row) => sum + row[of], 0)).toBe(whole[of])
      const { rows: _, ...wanted } = whole
      expect(totals).toEqual(wanted)
      expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length)
    }
  })

  it('do not count running statistics as parameters', () => {
    const { parameters, buffers } = summarize(model('resnet20'))
    expect({ parameters, buffers }).toEqual({ parameters: 269_722, buffers: 1376 })
  })

  it('of parameters do not depend on the size of the images, multiply-adds grow with it', () => {
    const [small, large] = ([16, 32] as const).map(side =>
      summarize(model('resnet20'), [side, side]),
    )
    expect(small.parameters).toBe(large.parameters)
    const head = rowOf(small, 'fc').multiplyAdds
    expect((large.multiplyAdds - head) / (small.multiplyAdds - head)).toBe(4)
    expect(summarize(model('resnet20'))).toEqual(large)
  })
})

describe('rows', () => {
  it('hold the parameters, cost and operations of their own layer', () => {
    const summary = summarize(model('resnet50'))
    expect(rowOf(summary, 'conv1')).toEqual({
      path: 'conv1',
      operations: ['convolution'],
      output: [1, 64, 112, 112],
      parameters: 9408,
      multiplyAdds: 9408 * 112 * 112,
    })
    expect(rowOf(summary, 'layer2.0.conv2')).toEqual({
      path: 'layer2.0.conv2',
      operations: ['convolution'],
      output: [1, 128, 28, 28],
      parameters: 128 * 128 * 9,
      multiplyAdds: 128 * 128 * 9 * 28 * 28,
    })
    expect(rowOf(summary, 'layer2.0.bn2')).toMatchObject({ parameters: 256, multiplyAdds: 0 })
    expect(rowOf(summary, 'fc')).toMatchObject({
      operations: ['matmul', 'add'],
      output: [1, 1000],
      parameters: 2_049_000,
      multiplyAdds: 2_048_000,
    })
    expect(rowOf(summary, '')).toMatchObject({ parameters: 0, multiplyAdds: 0 })
  })

  it.each<readonly [string, ModelOptions, string, readonly number[], string]>([
    ['se-resnet50', {}, 'layer1.0.se', [1, 256, 56, 56], 'reduceMean relu sigmoid mul'],
    ['se-resnet50', {}, 'layer1.0.se.fc1', [1, 16, 1, 1], 'convolution'],
    ['resnet50', { strideIn: '1x1' }, 'layer2.0.conv1', [1, 128, 28, 28], 'convolution'],
    ['resnet50', { strideIn: '3x3' }, 'layer2.0.conv1', [1, 128, 56, 56], 'convolution'],
    ['resnet50', {}, 'layer4.2', [1, 2048, 7, 7], 'relu relu add relu'],
    ['resnet20', { channels: 1 }, 'conv1', [1, 16, 32, 32], 'convolution'],
    ['resnet20', {}, 'layer2.0.downsample', [1, 32, 16, 16], 'averagePool pad'],
    ['sknet50', {}, 'layer3.0.conv2.attn', [1, 2, 512, 1, 1], 'relu reshape softmax'],
  ])('%s %j, %s: output %j by %s', (name, options, path, output, operations) => {
    const row = rowOf(summarize(model(name, options)), path)
    expect(row.output).toEqual(output)
    expect(row.operations.join(' ')).toBe(operations)
  })

  it('come in the order of computation', () => {
    const { rows } = summarize(model('resnet20'), undefined, 1)
    expect(rows.map(({ path }) => path)).toEqual([
      'conv1',
      'bn1',
      '',
      'layer1',
      'layer2',
      'layer3',
      'fc',
    ])
  })
})

describe('depth', () => {
  it('folds what is deeper into its ancestor there', () => {
    const folded = summarize(model('se-resnet50'), undefined, 1)
    const whole = summarize(model('se-resnet50'))
    for (const stage of ['layer1', 'layer2', 'layer3', 'layer4']) {
      const inside = whole.rows.filter(({ path }) => path.startsWith(`${stage}.`))
      const row = rowOf(folded, stage)
      expect(row.parameters).toBe(parametersOf('se-resnet50', `${stage}.`))
      expect(row.multiplyAdds).toBe(inside.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0))
      expect([...row.operations].sort()).toEqual(inside.flatMap(row => row.operations).sort())
    }
    expect(rowOf(folded, 'layer1').output).toEqual([1, 256, 56, 56])
    expect(rowOf(folded, 'layer4').output).toEqual([1, 2048, 7, 7])
  })

  it('leaves one row of the whole network at zero', () => {
    const { rows } = summarize(model('resnet20'), undefined, 0)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ path: '', output: [1, 10], parameters: 269_722 })
  })
})
