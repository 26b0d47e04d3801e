/**
 * jax-js on WebAssembly, or WebGPU in a page, the whole step under jit(): forward, gradients, momentum
 * with weight decay.
 * Its functions take what they are given: `ref` is one more use of a value.
 */

import {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  random,
  valueAndGrad,
} from '@jax-js/jax'
import { measure, told } from './measure.ts'
import own from './node_modules/@jax-js/jax/package.json' with { type: 'json' }
import { classesOf, forward } from './resnet.js'

const { work, network, batch, size, backend = 'wasm' } = told
await init(backend)
defaultDevice(backend)

const begun = []
const begin = (shape, value) => {
  if (value !== undefined) return np.full(shape, value)
  const [outputs, , ...kernel] = shape
  const deviation = Math.sqrt(2 / (outputs * kernel.reduce((a, b) => a * b, 1)))
  return random.normal(random.key(begun.length), shape).mul(deviation)
}

const normalized = (x, mean, variance, scale, shift) => {
  const each = v => v.reshape([1, -1, 1, 1])
  const factor = each(scale).mul(np.reciprocal(np.sqrt(variance.add(1e-5))))
  return x.sub(mean).mul(factor).add(each(shift))
}

/** What resnet.js calls, over weights that are given in their order, or made. */
const ops = weights => {
  let next = 0
  return {
    weight: (shape, value) => {
      if (weights !== undefined) return weights[next++]
      begun.push(begin(shape, value))
      return begun.at(-1).ref
    },
    twice: x => x.ref,
    conv: (x, w, stride, pad) =>
      lax.convGeneralDilated(
        x,
        w,
        [stride, stride],
        [
          [pad, pad],
          [pad, pad],
        ],
      ),
    batchNorm: (x, scale, shift) => {
      if (work === 'infer') return normalized(x, 0, np.array(1), scale, shift)
      const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true })
      const centred = x.ref.sub(mean.ref)
      const variance = np.mean(np.square(centred), [0, 2, 3], { keepdims: true })
      return normalized(x, mean, variance, scale, shift)
    },
    bias: (x, b) => x.add(b.reshape([1, -1, 1, 1])),
    bias2: (x, b) => x.add(b),
    add: (a, b) => a.add(b),
    mul: (a, b) => a.mul(b),
    relu: nn.relu,
    sigmoid: nn.sigmoid,
    mean: x => np.mean(x, [2, 3], { keepdims: true }),
    flat: x => x.reshape([batch, -1]),
    matmul: (x, w) => np.matmul(x, np.transpose(w)),
    skip: (x, stride) => {
      if (stride === 1) return x
      // There are no slices with a stride.
      const [n, c, h, w] = x.shape
      const blocks = x.reshape([n, c, h / stride, stride, w / stride, stride])
      return blocks.slice([], [], [], 0, [], 0)
    },
    widen: (x, channels) => {
      const before = channels >> 1
      return np.pad(x, [
        [0, 0],
        [before, channels - before],
        [0, 0],
        [0, 0],
      ])
    },
    maxPool: x => lax.reduceWindow(x, np.max, [3, 3], [2, 2]),
  }
}

const pictures = side => random.normal(random.key(0), [batch, 3, side, side])
forward(network, ops(), pictures(32)).dispose()

const classes = classesOf(network)
const labels = nn.oneHot(
  np.array(
    Array.from({ length: batch }, (_, i) => i % classes),
    { dtype: np.int32 },
  ),
  classes,
)
const lossOf = (weights, images, labels) => {
  const logits = forward(network, ops(weights), images)
  return np.mean(np.sum(nn.logSoftmax(logits, 1).mul(labels), 1)).mul(-1)
}
const images = pictures(size)
let weights = begun
let velocity = weights.map(({ shape }) => np.zeros(shape))
const train = jit((weights, velocity, images, labels) => {
  const [loss, gradients] = valueAndGrad(lossOf)(
    weights.map(w => w.ref),
    images,
    labels,
  )
  const moved = weights.map((w, i) => velocity[i].mul(0.9).add(gradients[i].add(w.ref.mul(1e-4))))
  return { loss, weights: weights.map((w, i) => w.sub(moved[i].ref.mul(1e-3))), velocity: moved }
})
const answer = jit((weights, images) => forward(network, ops(weights), images))

const once = async () => {
  if (work === 'infer') {
    const logits = answer(
      weights.map(w => w.ref),
      images.ref,
    )
    await logits.data()
  } else {
    const next = train(weights, velocity, images.ref, labels.ref)
    await next.loss.data()
    await blockUntilReady(next.weights)
    weights = next.weights
    velocity = next.velocity
  }
}
await measure(once, {
  version: own.version,
  parameters: begun.reduce((sum, { size }) => sum + size, 0),
})
