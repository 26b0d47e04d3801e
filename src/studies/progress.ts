/** How far a run of a study is, as its folder says. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UsageError } from '../errors/index.ts'
import { RUN_FILES, readMetrics, readRun } from '../runs/runFolder.ts'
import type { Config } from '../train/config.ts'
import { type EpochRow, isFinished } from '../train/epochRow.ts'
import type { PlannedRun } from './plan.ts'

export interface RunProgress {
  readonly begun: boolean
  /** All epochs are trained and the network is exported. */
  readonly finished: boolean
  readonly history: readonly EpochRow[]
}

type Settings = Readonly<Record<string, unknown>>

/** What decides the comparison; threads decide the time, and the last bits of a sum. */
const deciding = ({ threads: _, ...config }: Config): Settings =>
  JSON.parse(JSON.stringify(config)) as Settings

const differences = (one: Settings, other: Settings, path = ''): readonly string[] =>
  Object.keys({ ...one, ...other }).flatMap(key => {
    const [a, b] = [one[key], other[key]]
    if (isDeepStrictEqual(a, b)) return []
    if (key === 'recipe') return differences(a as Settings, b as Settings, 'recipe.')
    return [`${path}${key} ${JSON.stringify(a) ?? 'none'}, not ${JSON.stringify(b) ?? 'none'}`]
  })

/**
 * @throws UsageError when the folder holds a run of other settings; FileError when it is damaged
 */
export const progressOf = async ({
  folder,
  config,
}: Pick<PlannedRun, 'folder' | 'config'>): Promise<RunProgress> => {
  if (!existsSync(join(folder, RUN_FILES.config)))
    return { begun: false, finished: false, history: [] }
  const others = differences(deciding(await readRun(folder)), deciding(config))
  if (others.length > 0)
    throw new UsageError({
      where: folder,
      expected: 'a run with the settings of this study',
      got: others.join('; '),
      hint: 'Give the settings that the study began with, or begin another with `out`',
    })
  const history = await readMetrics(folder)
  const finished = isFinished(config, history) && existsSync(join(folder, RUN_FILES.onnx))
  return { begun: true, finished, history }
}
