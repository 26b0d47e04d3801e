/** What the queue holds of a run: identifiers, paths and the configuration; nothing secret, nothing large. */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { openEngine } from '../../engines/registry.ts'
import { VERSION } from '../../platform/node/version.ts'
import { type Config, checkConfig } from '../../train/config.ts'
import { epochRowSchema } from '../../train/epochRow.ts'
import type { PlannedRun } from '../plan.ts'

/** All studies and all workers of a server share one queue. */
export const QUEUE = 'runs'
export const PREFIX = 'excite'

/** A run that has failed so often is given up. */
export const ATTEMPTS = 3

/** Results wait a week for the study that asked for them. */
export const KEPT = { age: 7 * 24 * 3600 }

const text = z.string().max(10_000)

const jobSchema = z.strictObject({
  /** How the run is called in lines. */
  name: text,
  /** The run's folder, as the study sees it. */
  folder: text,
  /** Where the study was started: what relative paths begin at, where it exists. */
  cwd: text,
  saveEvery: z.number().int().positive(),
  config: z.unknown(),
  /** What the worker has to have alike: version, engine, and the images where their name does not say it. */
  facts: z.record(z.string(), text),
})

/** A run in the queue. */
export type Job = Omit<z.infer<typeof jobSchema>, 'config'> & { readonly config: Config }

/** @throws ZodError or UsageError where somebody else has put something else there */
export const parseJob = (data: unknown): Job => {
  const { config, ...job } = jobSchema.parse(data)
  return { ...job, config: checkConfig(config) }
}

/** What a worker gives back of a run that is finished. */
export const resultSchema = z.strictObject({
  worker: text,
  /** Where the run is: the folder that the study named, or one of the worker's own. */
  folder: text,
  history: z.array(epochRowSchema),
})

/** What a worker says of itself meanwhile. */
export const progressSchema = z.strictObject({ worker: text, text })

/** A run's id is that of its settings: the same run is never twice in the queue. */
export const jobId = ({ folder, config, facts }: Job): string =>
  `run-${createHash('sha256')
    .update(JSON.stringify([folder, config, facts]))
    .digest('hex')
    .slice(0, 24)}`

/** What decides whether two machines compute the same. */
export const factsOf = async (
  { config }: Pick<PlannedRun, 'config'>,
  images: string | undefined,
): Promise<Readonly<Record<string, string>>> => {
  const { name, version } = await openEngine(config.engine)
  return {
    version: VERSION,
    engine: `${name} ${version}`,
    ...(images === undefined ? {} : { images }),
  }
}
