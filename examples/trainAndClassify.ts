/** The main job in code: images, a network, a training, and answers; by Excite and without it. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { attention, models, openClassifier, openImages, train } from '../src/index.ts'

const folder = await mkdtemp(join(tmpdir(), 'excite-example-'))
const images = await openImages('shapes', { samples: { train: 400, test: 100 }, size: 16 })
const network = models.resnet8({
  classes: images.classes.length,
  attention: attention.se({ reduction: 8 }),
})
const run = await train(network, images, {
  epochs: 2,
  batch: 40,
  out: join(folder, 'run'),
  onEpoch: ({ epoch, validation }) => console.log(`epoch ${epoch}: ${validation.top1} right`),
})
console.log(`best: epoch ${run.best?.epoch}`)

const classifier = await openClassifier(run.folder)
const pixels = { data: new Uint8Array(32 * 32 * 3).fill(128), width: 32, height: 32 }
for (const { label, probability } of await classifier.classify(pixels, { top: 3 }))
  console.log(label, probability.toFixed(3))
await classifier.exportOnnx(join(folder, 'shapes.onnx'))
await classifier.close()
await images.close()

// From here on: any ONNX Runtime, in any language.
const session = await InferenceSession.create(join(folder, 'shapes.onnx'))
const batch = new Tensor('float32', new Float32Array(2 * 3 * 16 * 16), [2, 3, 16, 16])
const { logits } = await session.run({ images: batch })
console.log(`logits [${logits.dims.join(', ')}]`)
await rm(folder, { recursive: true })
