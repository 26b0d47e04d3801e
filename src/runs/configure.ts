/** The configuration of a training: new, or that of a run that goes on. */

import type { ImagesRecord } from '../data/imagesRecord.ts'
import { type AvailableEngine, openEngine } from '../engines/registry.ts'
import { defaultThreads } from '../machines/threads.ts'
import type { NetworkRecord } from '../models/registry.ts'
import { CLASSIFICATION } from '../tasks/registry.ts'
import { type Config, checkConfig } from '../train/config.ts'
import { weightsName } from './firstWeights.ts'
import { readRun } from './runFolder.ts'

/** What is said of a training besides its network, its images and its recipe. */
export interface Settings {
  /** What computes; the fastest that is here unless given. */
  readonly engine?: string | undefined
  /** Threads to compute with; one per core unless given. */
  readonly threads?: number | undefined
  /** Decides first weights, order and augmentation; 0 unless given. */
  readonly seed?: number | undefined
  /** First weights: a file, the folder of a run, or `owner/name` of the hub. */
  readonly weights?: string | undefined
  /** Patterns of parameters that stay as they are: `backbone`, `layer1,layer2`, `!gct`. */
  readonly freeze?: string | undefined
  /** The epoch from which they are trained too. */
  readonly unfreezeAt?: number | undefined
}

/**
 * The configuration of a new training, and the engine that computes it.
 * @throws UsageError that names every field at fault
 */
export const newConfig = async (
  network: NetworkRecord,
  images: ImagesRecord,
  { engine: name, threads = defaultThreads(), seed = 0, weights, ...rest }: Settings,
  recipe: unknown,
): Promise<{ readonly config: Config; readonly engine: AvailableEngine }> => {
  const engine = await openEngine(name)
  const config = checkConfig({
    ...network,
    ...images,
    weights: weights === undefined ? undefined : weightsName(weights),
    freeze: rest.freeze,
    unfreezeAt: rest.unfreezeAt,
    seed,
    engine: engine.name,
    threads,
    recipe,
  })
  return { config, engine }
}

/** The configuration of a run; another engine or number of threads costs its exactness. */
export const savedConfig = async (
  folder: string,
  { engine, threads }: Pick<Settings, 'engine' | 'threads'>,
): Promise<Config> => {
  const saved = await readRun(folder)
  const { task = CLASSIFICATION } = saved
  return { ...saved, task, engine: engine ?? saved.engine, threads: threads ?? saved.threads }
}
