/** The configuration of a training: new, or that of a run that goes on. */

import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { ImagesRecord } from '../data/openImages.ts'
import { type Device, openDevice } from '../engines/registry.ts'
import type { NetworkRecord } from '../models/registry.ts'
import { type Config, checkConfig } from '../train/config.ts'
import { readRun } from './runFolder.ts'

/** What is said of a training besides its network, its images and its recipe. */
export interface Settings {
  /** What computes; the fastest that is here unless given. */
  readonly device?: string | undefined
  /** Threads to compute with; one per core unless given. */
  readonly threads?: number | undefined
  /** Decides first weights, order and augmentation; 0 unless given. */
  readonly seed?: number | undefined
  /** A file of first weights. */
  readonly weights?: string | undefined
  /** Patterns of parameters that stay as they are: `backbone`, `layer1,layer2`, `!gct`. */
  readonly freeze?: string | undefined
  /** The epoch from which they are trained too. */
  readonly unfreezeAt?: number | undefined
}

/**
 * The configuration of a new training, and the device that computes it.
 * @throws UsageError that names every field at fault
 */
export const newConfig = async (
  network: NetworkRecord,
  images: ImagesRecord,
  { device: name, threads = availableParallelism(), seed = 0, weights, ...rest }: Settings,
  recipe: unknown,
): Promise<{ readonly config: Config; readonly device: Device }> => {
  const device = await openDevice(name)
  const config = checkConfig({
    ...network,
    ...images,
    weights: weights && resolve(weights),
    freeze: rest.freeze,
    unfreezeAt: rest.unfreezeAt,
    seed,
    device: device.name,
    threads,
    recipe,
  })
  return { config, device }
}

/** The configuration of a run; another device or number of threads costs its exactness. */
export const savedConfig = async (
  folder: string,
  { device, threads }: Pick<Settings, 'device' | 'threads'>,
): Promise<Config> => {
  const saved = await readRun(folder)
  return { ...saved, device: device ?? saved.device, threads: threads ?? saved.threads }
}
