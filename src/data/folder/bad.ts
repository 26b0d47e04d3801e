/** Images that cannot be decoded, and what is done about them. */

import { FileError } from '../../errors/index.ts'
import { readImage } from '../decode/openImage.ts'
import type { ImageList } from './list.ts'

/** An image that could not be decoded. */
export interface BadImage {
  readonly file: string
  readonly reason: string
}

/** `stop` at the first that is read; `skip` leaves them out; `replace` by others of their class. */
export const BAD_IMAGES = ['stop', 'skip', 'replace'] as const
/** What is done about images that cannot be decoded. */
export type BadImagePolicy = (typeof BAD_IMAGES)[number]

/** The share that may be bad, unless told: more than that is no accident, but in small folders. */
const BAD_LIMIT = 0.01
/** As many may be bad in any folder, unless told, and a tenth of its images. */
const FEW = 5

const READ_BATCH = 16
const SMALL = [3, 32, 32] as const

/** Decodes every image once; those that fail, in their order, with the reason. */
const findBad = async (
  paths: readonly string[],
  onChecked: (done: number, total: number) => void,
): Promise<ReadonlyMap<number, BadImage>> => {
  const bad = new Map<number, BadImage>()
  for (let first = 0; first < paths.length; first += READ_BATCH) {
    const some = paths.slice(first, first + READ_BATCH)
    const reasons = await Promise.all(
      some.map(path =>
        readImage(path, SMALL).then(
          () => undefined,
          (error: unknown) => {
            if (error instanceof FileError) return error.got
            throw error
          },
        ),
      ),
    )
    for (const [i, reason] of reasons.entries())
      if (reason !== undefined) bad.set(first + i, { file: some[i], reason })
    onChecked(first + some.length, paths.length)
  }
  return bad
}

/** For each bad image the next good one of its class, around the end; by index. */
const substitutes = (
  { labels }: ImageList,
  bad: ReadonlyMap<number, BadImage>,
): ((index: number) => number) => {
  const good = new Map<number, number[]>()
  for (const [index, label] of labels.entries())
    if (!bad.has(index)) good.set(label, [...(good.get(label) ?? []), index])
  return index => {
    const own = good.get(labels[index]) ?? []
    return own.find(other => other > index) ?? own[0]
  }
}

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`

const refuseMany = (
  folder: string,
  checked: number,
  [first, ...others]: readonly BadImage[],
  most: number,
): never => {
  const count = others.length + 1
  throw new FileError({
    where: folder,
    expected: `at most ${Math.floor(most)} unreadable images of ${checked} (${percent(most / checked)})`,
    got: `${count} (${percent(count / checked)})`,
    context: `the first: ${first.file}: ${first.reason}`,
    hint: `Inspect the files, or raise the limit (\`data.badLimit\`) to ${Math.ceil((100 * count) / checked) / 100}`,
  })
}

export interface BadImageOptions {
  readonly policy: Exclude<BadImagePolicy, 'stop'>
  /** The share that may be bad, 0 to 1. */
  readonly limit?: number | undefined
  readonly onChecked?: ((done: number, total: number) => void) | undefined
}

/**
 * A list without its bad images, or with others in their place: decided before training, so
 * that a run is the same however often it is resumed.
 * @throws FileError when too many are bad, or a class has none left
 */
export const withoutBad = async (
  list: ImageList,
  classes: readonly string[],
  { policy, limit, onChecked = () => {} }: BadImageOptions,
): Promise<ImageList & { readonly bad: readonly BadImage[] }> => {
  const { folder, files, labels } = list
  const bad = await findBad(
    files.map(file => `${folder}/${file}`),
    onChecked,
  )
  const found = [...bad.values()]
  const most = Math.max(
    (limit ?? BAD_LIMIT) * files.length,
    limit ? 0 : Math.min(FEW, files.length / 10),
  )
  if (bad.size > most) refuseMany(folder, files.length, found, most)
  const kept = files.map((_, i) => i).filter(i => !bad.has(i))
  for (const [label, name] of classes.entries())
    if (labels.includes(label) && !kept.some(i => labels[i] === label))
      throw new FileError({
        where: `${folder}/${name}`,
        expected: 'at least one image that can be decoded',
        got: `${found.filter(({ file }) => file.startsWith(`${folder}/${name}/`)).length} that cannot`,
      })
  const instead = substitutes(list, bad)
  const chosen = policy === 'skip' ? kept : files.map((_, i) => (bad.has(i) ? instead(i) : i))
  return {
    ...list,
    files: chosen.map(i => files[i]),
    labels: Int32Array.from(chosen, i => labels[i]),
    bad: found,
  }
}
