/** Small trainings of every kind that a run can be: both engines and optimizers, images in memory and in files. */

import { join } from 'node:path'
import type { Dataset } from '../../src/data/dataset.ts'
import type { Run } from '../../src/runs/launch.ts'
import type { Config } from '../../src/train/config.ts'

/** The product's modules: the sources, or what was built of them. */
export const modulesOf = async (root: 'src' | 'dist') => {
  const load = (path: string) =>
    import(new URL(`../../${root}/${path}.${root === 'src' ? 'ts' : 'js'}`, import.meta.url).href)
  const [files, launch, recipes, registry, exported] = (await Promise.all(
    [
      'platform/node/files',
      'runs/launch',
      'train/recipes',
      'data/registry',
      'data/folder/exportFolder',
    ].map(load),
  )) as [
    typeof import('../../src/platform/node/files.ts'),
    typeof import('../../src/runs/launch.ts'),
    typeof import('../../src/train/recipes.ts'),
    typeof import('../../src/data/registry.ts'),
    typeof import('../../src/data/folder/exportFolder.ts'),
  ]
  return { ...files, ...launch, ...recipes, ...registry, ...exported }
}
export type Modules = Awaited<ReturnType<typeof modulesOf>>

const ADAMW = {
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  learningRate: 1e-3,
  emaDecay: 0.9,
  clipNorm: 1,
} as const

export const SIZE = 16
export const SAMPLES = { train: 40, test: 20 }

/** `ENGINE/OPTIMIZER/DATA`, for every combination. */
export const TRAININGS = ['onnx', 'onednn'].flatMap(engine =>
  ['sgd', 'adamw'].flatMap(optimizer =>
    ['shapes', 'folder'].map(data => `${engine}/${optimizer}/${data}`),
  ),
)

/** The folder of images that trainings on files read, made beforehand beside the runs. */
export const imagesOf = (place: string): string => join(place, 'images')

export const configOf = ({ RECIPES }: Modules, name: string, place: string, epochs = 3): Config => {
  const [engine, optimizer, data] = name.split('/')
  return {
    model: 'resnet8',
    data: data === 'folder' ? imagesOf(place) : 'shapes',
    seed: 1,
    engine,
    threads: 1,
    recipe: { ...RECIPES.short, epochs, batch: 8, ...(optimizer === 'adamw' ? ADAMW : {}) },
  }
}

export interface TrainArgs {
  readonly name: string
  /** Where the run's folder is made, beside the images. */
  readonly place: string
  readonly folder: string
  readonly epochs?: number
  readonly workers?: number
  readonly onStep?: () => void
  readonly onWarning?: (message: string) => void
  readonly signal?: AbortSignal
}

/** Trains, saving after every step; goes on where the folder has a run. */
export const trainOnce = async (modules: Modules, args: TrainArgs): Promise<Run> => {
  const { name, place, folder, workers = 2, epochs } = args
  const config = configOf(modules, name, place, epochs)
  const open = (split: 'train' | 'validation'): Promise<Dataset> =>
    modules.openDataset(config.data, {
      split,
      size: SIZE,
      ...(config.data === 'shapes' ? { samples: SAMPLES } : { valFraction: 0.3, workers }),
    })
  const [train, validation] = [await open('train'), await open('validation')]
  try {
    const begun = await modules.exists(join(folder, 'config.json'))
    return await modules.launch({
      config,
      folder,
      train,
      validation,
      saveEvery: 0,
      resume: begun ? 'exact' : undefined,
      onStep: args.onStep,
      onWarning: args.onWarning,
      signal: args.signal,
    })
  } finally {
    await train.close()
    await validation.close()
  }
}

/** Makes what trainings on files need. */
export const prepare = async (modules: Modules, place: string): Promise<void> => {
  const set = await modules.openDataset('shapes', {
    split: 'train',
    size: SIZE,
    samples: { train: 60, test: 60 },
  })
  await modules.exportFolder([set], imagesOf(place))
}
