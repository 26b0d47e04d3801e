/** Taps: every attention computes with what an intervention puts in place of the value it shows. */

import { expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input, type Value } from '../graph/index.ts'
import { inference, initialize, type Layer, trace, variables } from '../nn/index.ts'
import { add } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { attentionNames, parseAttention } from './registry.ts'

const SHAPE = [2, 16, 4, 4]
const VARIANTS = ['gc:fusion=mul', 'gc:pooling=mean', 'cbam:spatial=false', 'splat:radix=1']

const blockOf = (text: string): Layer => {
  const { attention } = parseAttention(text)
  return attention.kind === 'recalibration' ? attention.build(16) : attention.build(16, 16, {})
}

const outputs = async (network: Layer, intervene: (value: Value) => Value | undefined) => {
  const values = initialize(network, 1)
  const weights = new Map<string, Value>(
    variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  const taps: string[] = []
  const y = trace(network, name => weights.get(name) as Value, input('x', SHAPE), {
    ...inference,
    observe: (name, value) => {
      taps.push(name)
      return intervene(value)
    },
  })
  const all = graph({ y })
  const x = Float32Array.from({ length: 2 * 16 * 16 }, (_, i) => random(7).normal(i))
  const feeds = all.inputs.map(({ name = '', shape }) => [
    name,
    { shape, data: name === 'x' ? x : (values.get(name) ?? expect.fail(name)) },
  ])
  const compiled = await referenceEngine.compile(all)
  return { taps, y: [...(await compiled.run(Object.fromEntries(feeds))).y.data] }
}

it.each([...attentionNames, ...VARIANTS])('an intervention changes what %s gives', async text => {
  const network = blockOf(text)
  const plain = await outputs(network, () => undefined)
  const same = await outputs(network, value => value)
  const changed = await outputs(network, value => add(value, 1))
  expect(plain.taps).toHaveLength(1)
  expect(same.y).toEqual(plain.y)
  expect(changed.y).not.toEqual(plain.y)
})
