/** What is said and shown of files of the hub. */

import type { HubOptions } from '../weights/hub.ts'
import { count } from './output.ts'
import { bar, progressLine } from './progressLine.ts'

/** Options of commands that may fetch from the hub. */
export interface HubFlags {
  readonly cacheDir?: string | undefined
  readonly offline?: boolean | undefined
  readonly quiet?: boolean | undefined
  readonly json?: boolean | undefined
}

/** Does what may fetch from the hub, showing how far it is. */
export const withHub = async <Result>(
  { cacheDir, offline, quiet = false, json = false }: HubFlags,
  work: (options: HubOptions) => Promise<Result>,
): Promise<Result> => {
  const { cacheFolder } = await import('../platform/node/files.ts')
  const progress = progressLine(quiet || json)
  const megabytes = (bytes: number): string => count(Math.round(bytes / 1e6))
  try {
    return await work({
      cache: cacheDir ?? cacheFolder(),
      offline,
      onProgress: (file, received, total) =>
        progress.update(
          `${bar(received / total)} ${file} ${megabytes(received)}/${megabytes(total)} MB`,
        ),
    })
  } finally {
    progress.clear()
  }
}
