/** An attention of your own in a known backbone: a record of children, a formula, and a place. */

import { inferenceGraph, nn, ops, type Recalibration, resnet, summarize } from '../src/index.ts'

/**
 * Contrast attention, made up here: a channel passes by how much it varies over space, with a scale
 * and a shift of its own. Two parameters a channel; with scale and shift 0 it begins by halving.
 */
const contrast = (): Recalibration => ({
  kind: 'recalibration',
  name: 'contrast',
  at: 'standard',
  build: channels => {
    const perChannel = [1, channels, 1, 1]
    return nn.layer(
      {
        scale: nn.parameter(perChannel, nn.init.constant(0)),
        shift: nn.parameter(perChannel, nn.init.constant(0)),
      },
      ({ scale, shift }, x) => {
        const keep = { keepDims: true }
        const range = ops.sub(ops.reduceMax(x, [2, 3], keep), ops.reduceMean(x, [2, 3], keep))
        return ops.mul(x, ops.sigmoid(ops.add(ops.mul(scale, range), shift)))
      },
    )
  },
})

const network = resnet({
  block: 'basic',
  depths: [3, 3, 3],
  stem: 'cifar',
  shortcut: 'pad',
  classes: 10,
  attention: contrast(),
})
const model = {
  name: 'contrast-resnet20',
  describe: '',
  size: 32,
  classes: 10,
  channels: 3,
  network,
}
const { parameters, multiplyAdds } = summarize(model)
console.log(`contrast-resnet20: ${parameters} parameters, ${multiplyAdds} multiply-adds`)
console.log(`${inferenceGraph(model, 1, [32, 32]).nodes.length} operations`)
