/** Training from code, and the ONNX file in a service that knows nothing of Excite. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import {
  exportOnnx,
  measureNormalization,
  model,
  onnxEngine,
  openDataset,
  RECIPES,
  train,
} from '../src/index.ts'

const folder = await mkdtemp(join(tmpdir(), 'excite-example-'))
const seen = await openDataset('shapes', { split: 'train', count: 400, size: 16 })
const unseen = await openDataset('shapes', { split: 'test', count: 100, size: 16 })
const { best } = await train({
  model: model('se-resnet8', { classes: seen.classes.length }),
  config: {
    model: 'se-resnet8',
    data: 'shapes',
    seed: 0,
    device: 'onnx',
    recipe: { ...RECIPES.short, epochs: 2, batch: 40 },
  },
  train: seen,
  test: unseen,
  normalization: await measureNormalization(seen),
  engine: onnxEngine,
  conditions: {},
  folder,
  onEpoch: ({ epoch, testTop1 }) => console.log(`epoch ${epoch}: ${testTop1} of unseen images`),
})
if (best === undefined) throw new Error('no epoch was finished')

// From here on: any ONNX Runtime, in any language.
const session = await InferenceSession.create(exportOnnx(best))
const images = new Tensor('float32', new Float32Array(2 * 3 * 16 * 16), [2, 3, 16, 16])
const { logits } = await session.run({ images })
console.log(`logits [${logits.dims.join(', ')}] for classes ${best.card.classes.join(', ')}`)
await rm(folder, { recursive: true })
