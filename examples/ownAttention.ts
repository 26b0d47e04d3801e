/** An attention of your own in a known backbone: a formula and a place, trained, stopped, resumed, asked. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  init,
  inspect,
  models,
  nn,
  openClassifier,
  openImages,
  ops,
  register,
  resume,
  train,
} from '../src/index.ts'

/**
 * Contrast attention, made up here: a channel passes by how much it varies over space, with a scale
 * and a shift of its own. Two parameters a channel; with scale and shift 0 it begins by halving.
 * It is registered so that runs, weights and the command line can write it down and build it again.
 */
const contrast = register.attention('contrast', () => ({
  kind: 'recalibration',
  name: 'contrast',
  at: 'standard',
  build: channels => {
    const perChannel = [1, channels, 1, 1]
    return nn.layer(
      {
        scale: nn.parameter(perChannel, init.constant(0)),
        shift: nn.parameter(perChannel, init.constant(0)),
      },
      ({ scale, shift }, x, mode) => {
        const keep = { keepDims: true }
        const range = ops.sub(ops.reduceMax(x, [2, 3], keep), ops.reduceMean(x, [2, 3], keep))
        const gate = ops.sigmoid(ops.add(ops.mul(scale, range), shift))
        return ops.mul(x, nn.tap(mode, 'gate', gate))
      },
    )
  },
}))

const images = await openImages('shapes', { samples: { train: 200, test: 50 }, size: 16 })
const network = models.resnet8({
  classes: images.classes.length,
  attention: contrast({ at: 'pre', stages: [3, 4] }),
})
const { parameters, multiplyAdds } = inspect.summarize(network, [16, 16])
console.log(`resnet8 with contrast: ${parameters} parameters, ${multiplyAdds} multiply-adds`)

const folder = await mkdtemp(join(tmpdir(), 'excite-example-'))
const out = join(folder, 'run')
const stop = new AbortController()
const first = await train(network, images, {
  epochs: 2,
  batch: 25,
  out,
  signal: stop.signal,
  onStep: ({ step }) => step === 5 && stop.abort(),
})
console.log(first.finished ? 'finished' : 'stopped in the first epoch')
const { history } = await resume(out, { images })
for (const { epoch, training, validation } of history)
  console.log(`epoch ${epoch}: loss ${training.loss.toFixed(4)}, right ${validation.top1}`)

const classifier = await openClassifier(out)
const [guess] = await classifier.classifyPrepared(await images.validation.read(0))
console.log(`${guess.label}, ${(100 * guess.probability).toFixed(1)} %`)
await classifier.close()
await images.close()
await rm(folder, { recursive: true })
