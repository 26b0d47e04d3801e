/** Images that cannot be decoded, and what is done about them. */

import { FileError } from '../../errors/index.ts'
import { readImage } from '../decode/openImage.ts'
import type { ImageList } from './list.ts'

/** An image that could not be decoded. */
export interface BadImage {
  /** Its path in the folder. */
  readonly file: string
  /** What the decoder said. */
  readonly reason: string
}

/** What is done about bad images: `stop` at the first that is read, `skip` them, or `replace` by others of their class. */
export type BadImagePolicy = 'stop' | 'skip' | 'replace'

/** The share that may be bad, unless told: more than that is no accident, but in small folders. */
const BAD_LIMIT = 0.01
/** As many may be bad in any folder, unless told, and a tenth of its images. */
const FEW = 5

const READ_BATCH = 16
const SMALL = [3, 32, 32] as const

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`

/** Why an image cannot be decoded; undefined for one that can. */
const reasonOf = (path: string): Promise<string | undefined> =>
  readImage(path, SMALL).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof FileError) return error.got
      throw error
    },
  )

const tooMany = (
  where: string,
  checked: number,
  bad: readonly BadImage[],
  most: number,
): FileError =>
  new FileError({
    where,
    expected: `at most ${Math.floor(most)} unreadable images of ${checked} (${percent(most / checked)})`,
    got: `${bad.length} (${percent(bad.length / checked)})`,
    context: `the first: ${bad[0].file}: ${bad[0].reason}`,
    hint: `Inspect the files, or raise the limit (\`data.badLimit\`) to ${Math.ceil((100 * bad.length) / checked) / 100}`,
  })

export interface BadImageOptions {
  readonly policy: Exclude<BadImagePolicy, 'stop'>
  /** The share that may be bad, 0 to 1. */
  readonly limit?: number | undefined
  readonly onChecked?: ((done: number, total: number) => void) | undefined
}

/**
 * A list without its bad images, or with the next good ones of their classes in their places: decided
 * before training, so that a run is the same however often it is resumed.
 * @throws FileError when too many are bad, or a class has none left to train on
 */
export const withoutBad = async (
  list: ImageList,
  classes: readonly string[],
  { policy, limit, onChecked = () => {} }: BadImageOptions,
): Promise<ImageList & { readonly bad: readonly BadImage[] }> => {
  const { folder, files, labels, values } = list
  const paths = files.map(file => `${folder}/${file}`)
  const reasons: (string | undefined)[] = []
  while (reasons.length < paths.length) {
    const some = paths.slice(reasons.length, reasons.length + READ_BATCH)
    reasons.push(...(await Promise.all(some.map(reasonOf))))
    onChecked(reasons.length, paths.length)
  }
  const bad = reasons.flatMap((reason, i) =>
    reason === undefined ? [] : { file: paths[i], reason },
  )
  const few = limit === undefined ? Math.min(FEW, files.length / 10) : 0
  const most = Math.max((limit ?? BAD_LIMIT) * files.length, few)
  if (bad.length > most) throw tooMany(folder, files.length, bad, most)
  const good: number[][] = classes.map(() => [])
  for (const [i, reason] of reasons.entries()) if (reason === undefined) good[labels[i]].push(i)
  for (const [label, own] of good.entries())
    if (own.length === 0 && labels.includes(label) && list.split === 'train')
      throw new FileError({
        where: `${folder}/${classes[label]}`,
        expected: 'at least one image that can be decoded',
        got: `${labels.filter(other => other === label).length} that cannot`,
      })
  const standIn = (i: number): number[] => {
    const own = good[labels[i]]
    return own.length === 0 ? [] : [own.find(other => other > i) ?? own[0]]
  }
  const chosen = reasons.flatMap((reason, i) =>
    reason === undefined ? i : policy === 'skip' ? [] : standIn(i),
  )
  return {
    ...list,
    files: chosen.map(i => files[i]),
    labels: Int32Array.from(chosen, i => labels[i]),
    values: values && chosen.map(i => values[i]),
    bad,
  }
}
