/**
 * TensorFlow.js: training on its CPU backend (its WebAssembly has no gradient of convolutions),
 * answers on WebAssembly with threads; both on WebGPU in a page. Its momentum optimizer knows no
 * weight decay.
 */

import * as tf from '@tensorflow/tfjs'
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm'
import '@tensorflow/tfjs-backend-webgpu'
import { measure, told } from './measure.ts'
import { classesOf, forward } from './resnet.js'

const { work, network, batch, size, threads } = told
const { backend = work === 'train' ? 'cpu' : 'wasm' } = told
if (backend === 'wasm') setThreadsCount(threads)
await tf.setBackend(backend)
await tf.ready()

const variables = []
let next = 0

/** Of PyTorch's shape, in TensorFlow's order. */
const begin = (shape, value) => {
  if (value !== undefined) return tf.variable(tf.fill(shape, value))
  const [outputs, inputs, ...kernel] = shape
  const deviation = Math.sqrt(2 / (outputs * kernel.reduce((a, b) => a * b, 1)))
  return tf.variable(tf.randomNormal([...kernel, inputs, outputs], 0, deviation))
}

const ops = {
  weight: (shape, value) => {
    if (next === variables.length) variables.push(tf.keep(begin(shape, value)))
    return variables[next++]
  },
  twice: x => x,
  conv: (x, w, stride, pad) => tf.conv2d(x, w, stride, pad, 'NHWC', 1, 'floor'),
  batchNorm: (x, scale, shift) => {
    const { mean, variance } =
      work === 'train'
        ? tf.moments(x, [0, 1, 2])
        : { mean: tf.zerosLike(shift), variance: tf.onesLike(shift) }
    return tf.batchNorm(x, mean, variance, shift, scale, 1e-5)
  },
  bias: tf.add,
  bias2: tf.add,
  add: tf.add,
  mul: tf.mul,
  relu: tf.relu,
  sigmoid: tf.sigmoid,
  mean: x => tf.mean(x, [1, 2], true),
  flat: x => tf.reshape(x, [batch, -1]),
  matmul: (x, w) => tf.matMul(x, w),
  skip: (x, stride) => (stride === 1 ? x : tf.avgPool(x, 1, stride, 'valid')),
  widen: (x, channels) => {
    const before = channels >> 1
    return tf.pad(x, [
      [0, 0],
      [0, 0],
      [0, 0],
      [before, channels - before],
    ])
  },
  maxPool: x => tf.maxPool(x, 3, 2, 1, 'floor'),
}

const images = tf.randomNormal([batch, size, size, 3])
const classes = classesOf(network)
const labels = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % classes),
    'int32',
  ),
  classes,
)
const optimizer = tf.train.momentum(1e-3, 0.9)
const answer = () => {
  next = 0
  return forward(network, ops, images)
}
const once = async () => {
  if (work === 'train') {
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, answer()),
      true,
      variables.length > 0 ? variables : undefined,
    )
    await loss.data()
    loss.dispose()
  } else {
    const logits = tf.tidy(answer)
    await logits.data()
    logits.dispose()
  }
}
// A picture of the smallest size makes the weights, so that they are not part of any time.
next = 0
tf.tidy(() => forward(network, ops, tf.zeros([batch, 32, 32, 3])))
await measure(once, {
  version: tf.version_core,
  parameters: variables.reduce((sum, { size }) => sum + size, 0),
})
