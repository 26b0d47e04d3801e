/** Files of a folder that are not used, by kind: their endings, or why. */

import { extname, join } from 'node:path'
import { isImageName } from '../decode/formats.ts'

/** Paths by kind, such as `.heic`. */
export type LeftOut = Map<string, string[]>

export const leaveOut = (leftOut: LeftOut, kind: string, path: string): void => {
  const paths = leftOut.get(kind)
  if (paths) paths.push(path)
  else leftOut.set(kind, [path])
}

/** Leaves out files where they lie, by their endings; images among them, because they lie there. */
export const leaveOutOthers = (
  leftOut: LeftOut,
  folder: string,
  files: readonly string[],
): void => {
  for (const file of files)
    leaveOut(
      leftOut,
      isImageName(file) ? 'images outside of classes' : extname(file).toLowerCase() || 'no ending',
      join(folder, file),
    )
}
