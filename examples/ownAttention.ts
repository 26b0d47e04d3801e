/** An attention of your own in a known backbone: a record of children, a formula, and a place. */

import { inferenceGraph, nn, ops, type Recalibration, resnet, summarize } from '../src/index.ts'

/** Efficient channel attention: a 1-D convolution over the channels' means (arXiv:1910.03151). */
const eca = (kernel = 3): Recalibration => ({
  kind: 'recalibration',
  name: 'eca',
  at: 'standard',
  build: channels =>
    nn.layer({ conv: nn.conv1d(1, 1, kernel, { padding: (kernel - 1) / 2 }) }, ({ conv }, x) => {
      const [batch] = x.shape
      const squeezed = ops.reshape(ops.reduceMean(x, [2, 3]), [batch, 1, channels])
      const gate = ops.sigmoid(conv(squeezed))
      return ops.mul(x, ops.reshape(gate, [batch, channels, 1, 1]))
    }),
})

const network = resnet({
  block: 'basic',
  depths: [3, 3, 3],
  stem: 'cifar',
  shortcut: 'pad',
  classes: 10,
  attention: eca(),
})
const model = { name: 'eca-resnet20', describe: '', size: 32, classes: 10, channels: 3, network }
const { parameters, multiplyAdds } = summarize(model)
console.log(`eca-resnet20: ${parameters} parameters, ${multiplyAdds} multiply-adds`)
console.log(`${inferenceGraph(model, 1, [32, 32]).nodes.length} operations`)
