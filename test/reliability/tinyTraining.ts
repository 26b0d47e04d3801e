/** A training that is nearly nothing but its files: six steps of a network of thirty numbers, saved after each. */

import { openDataset } from '../../src/data/registry.ts'
import type { Engine, Tensor, Tensors } from '../../src/engines/engine.ts'
import { withLifetime } from '../../src/engines/lifetime.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { ENGINES } from '../../src/engines/registry.ts'
import { keepState } from '../../src/engines/state.ts'
import { customModel } from '../../src/models/registry.ts'
import { batchNorm2d, globalMean, layer, linear } from '../../src/nn/index.ts'
import { conditionalState } from '../../src/passes/conditionalState.ts'
import { exists } from '../../src/platform/node/files.ts'
import { launch } from '../../src/runs/launch.ts'
import { RECIPES } from '../../src/train/recipes.ts'

const SIZE = 8
const SAMPLES = { train: 16, test: 8 }
const config = {
  model: 'tiny',
  custom: true,
  data: 'shapes',
  seed: 1,
  engine: 'onnxruntime',
  threads: 1,
  recipe: { ...RECIPES.short, epochs: 3, batch: 8 },
} as const

const single = ({ shape, data }: Tensor): Tensor => ({
  shape,
  data: data instanceof Float64Array ? Float32Array.from(data) : data,
})

/** The reference, which starts at once, with results of 32 bits as they are saved. */
const engine: Engine = {
  ...referenceEngine,
  compile: async (given, { state = [], constants } = {}) => {
    const { graph, condition } = conditionalState(given, state)
    const compiled = await referenceEngine.compile(graph, constants && { constants })
    const run = async (tensors: Tensors): Promise<Tensors> =>
      Object.fromEntries(
        Object.entries(await compiled.run(tensors)).map(([name, one]) => [name, single(one)]),
      )
    return withLifetime({
      ...keepState(graph, state, condition, run),
      dispose: () => compiled.dispose(),
    })
  },
}

/** What trains in a folder, or goes on there. */
export const tinyTraining = async (): Promise<(folder: string) => Promise<unknown>> => {
  Object.assign(ENGINES.onnxruntime, { open: async () => engine })
  const open = (split: 'train' | 'validation') =>
    openDataset('shapes', { split, size: SIZE, samples: SAMPLES })
  const [train, validation] = [await open('train'), await open('validation')]
  const classes = train.classes.length
  const network = customModel(
    'tiny',
    layer({ bn: batchNorm2d(3), fc: linear(3, classes) }, ({ bn, fc }, x) => fc(globalMean(bn(x)))),
    { classes, size: SIZE },
  )
  return async folder =>
    launch({
      config,
      network,
      folder,
      train,
      validation,
      saveEvery: 0,
      resume: (await exists(`${folder}/config.json`)) ? 'exact' : undefined,
    })
}
