/** What a run that another machine planned is on this one: its folder, and whether it comes to the same here. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { imagesOptionsOf } from '../../data/imagesRecord.ts'
import { openImages } from '../../data/openImages.ts'
import { isFolder } from '../../data/registry.ts'
import { MachineError } from '../../machines/machineError.ts'
import { RUN_FILES } from '../../runs/runFolder.ts'
import type { Config } from '../../train/config.ts'
import { progressOf } from '../progress.ts'
import { factsOf, type Job, jobId } from './job.ts'

/** Where relative paths of a run begin: where its study was started, if that is here too. */
export const cwdOf = ({ cwd }: Job): string => (existsSync(cwd) ? cwd : process.cwd())

const fingerprints = new Map<string, Promise<string | undefined>>()

/** The fingerprint of a folder's images, read once. */
const fingerprintOf = (config: Config, cwd: string, cacheDir?: string) => {
  if (!isFolder(config.data)) return Promise.resolve(undefined)
  const data = resolve(cwd, config.data)
  const options = { ...imagesOptionsOf(config), cacheDir }
  const key = JSON.stringify([data, options])
  const read = async (): Promise<string | undefined> => {
    const images = await openImages(data, options)
    await images.close()
    return images.train.fingerprint
  }
  const found = fingerprints.get(key) ?? read()
  fingerprints.set(key, found)
  return found
}

/** @throws MachineError where this machine would compute something else than was asked for */
export const checkFacts = async (job: Job, cacheDir?: string): Promise<void> => {
  const own = await factsOf(job, await fingerprintOf(job.config, cwdOf(job), cacheDir))
  for (const name of Object.keys({ ...job.facts, ...own }))
    if (job.facts[name] !== own[name])
      throw new MachineError({
        where: job.name,
        expected: `${name} ${job.facts[name] ?? 'none'}, as the study has`,
        got: own[name] ?? 'none',
        hint: 'All machines need the same version of Excite, the same engine and the same images',
      })
}

/** The run's own folder where it is seen, with the same run in it; else one of this worker's. */
export const folderFor = async (job: Job, out: string): Promise<string> => {
  const { folder, config } = job
  const isSeen = existsSync(join(folder, RUN_FILES.config))
  const run = { folder, config }
  return isSeen && (await progressOf(run).catch(() => undefined)) ? folder : join(out, jobId(job))
}
