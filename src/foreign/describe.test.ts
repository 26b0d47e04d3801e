/** Somebody else's classifier as it is described: by its file, by what is said, and answered in a process of its own. */

import { describe, expect, it } from 'vitest'
import { encodeModel } from '../onnx/encode.ts'
import { readOnnx } from '../onnx/read/index.ts'
import { describeForeign, type WantedClasses } from './describe.ts'
import { openForeignPredictor } from './predictor.ts'

/** Channel k of the classes is the mean of channel k mod 3. */
const classifier = (classes: number, { softmax = false, batch = 'N' as 'N' | 2 } = {}) =>
  encodeModel({
    opset: 17,
    metadata: {},
    graph: {
      name: 'theirs',
      nodes: [
        {
          ...{ opType: 'ReduceMean', name: 'mean', inputs: ['x'], outputs: ['m'] },
          attributes: { axes: [2, 3], keepdims: 0 },
        },
        {
          ...{ opType: 'MatMul', name: 'fc', inputs: ['m', 'w'], outputs: ['scores'] },
          attributes: {},
        },
        ...(softmax
          ? [
              { opType: 'Softmax', name: 's', inputs: ['scores'], outputs: ['p'], attributes: {} },
              { opType: 'Identity', name: 'i', inputs: ['p'], outputs: ['y'], attributes: {} },
            ]
          : [
              { opType: 'Identity', name: 'i', inputs: ['scores'], outputs: ['y'], attributes: {} },
            ]),
      ],
      initializers: [
        {
          ...{ name: 'w', dtype: 'float32', dims: [3, classes] },
          data: Float32Array.from({ length: 3 * classes }, (_, i) =>
            Number(Math.floor(i / classes) === (i % classes) % 3),
          ),
        },
      ],
      inputs: [{ name: 'x', dtype: 'float32', shape: [batch, 3, 4, 4] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [batch, classes] }],
    },
  })

const described = (bytes: Uint8Array, wanted: WantedClasses = {}) =>
  describeForeign(readOnnx(bytes, 'theirs.onnx'), 'theirs.onnx', wanted)
const LIMITS = { seconds: 60, memory: 4e9 }

describe('the description of a model from elsewhere', () => {
  it('has ImageNet’s names for a thousand classes, and ImageNet’s mean and std', () => {
    const { labels, input, output } = described(classifier(1000))
    expect(labels).toHaveLength(1000)
    expect([labels[0], labels[238]]).toEqual(['tench', 'Greater Swiss Mountain dog'])
    expect(input).toMatchObject({ name: 'x', layout: 'NCHW', mean: [0.485, 0.456, 0.406] })
    expect(output).toEqual({ name: 'y', values: 'logits' })
  })

  it('sees a softmax', () => {
    expect(described(classifier(1000, { softmax: true })).output.values).toBe('probabilities')
  })

  it.each([
    [{}, 'expected 2 class names', 'none'],
    [{ classes: ['a', 'b', 'c'] }, 'expected 2 class names', '3'],
  ])('needs a name for each class', (wanted, message, got) => {
    expect(() => described(classifier(2), wanted)).toThrow(message)
    expect(() => described(classifier(2), wanted)).toThrow(expect.objectContaining({ got }))
  })
})

describe('a model from elsewhere', () => {
  it.each([
    ['N' as const, false],
    [2 as const, true],
  ])('answers in a process of its own: batch %s', async (batch, softmax) => {
    const bytes = classifier(2, { batch, softmax })
    const description = described(bytes, { classes: ['red', 'green'], mean: [0], std: [0.1] })
    const predictor = await openForeignPredictor(bytes, 'theirs.onnx', description, LIMITS)
    const images = new Float32Array(3 * 48)
    for (let image = 0; image < 3; image++) images.fill(image + 1, image * 48, image * 48 + 16)
    const { logits } = await predictor.infer(images)
    await predictor.dispose()
    expect(logits.shape).toEqual([3, 2])
    const differences = [0, 1, 2].map(
      i => Number(logits.data[2 * i]) - Number(logits.data[2 * i + 1]),
    )
    expect(differences).toEqual([1, 2, 3].map(value => expect.closeTo(value, 4)))
  })
})
