/** Images that cannot be decoded, and what is done about them. */

import { FileError } from '../../errors/index.ts'
import { readImage } from '../images.ts'
import type { Listing } from './list.ts'

export interface BadImage {
  readonly file: string
  readonly reason: string
}

/** What was found bad, of all that were looked at. */
export interface BadImageReport {
  readonly checked: number
  readonly images: readonly BadImage[]
}

type Images = Omit<Listing, 'divided'>

/** `stop` at the first that is read; `skip` leaves them out; `replace` by others of their class. */
export const BAD_IMAGES = ['stop', 'skip', 'replace'] as const
export type BadImagePolicy = (typeof BAD_IMAGES)[number]

/** The share that may be bad, unless told: more than that is no accident. */
export const BAD_LIMIT = 0.01

const TOGETHER = 16
const SMALL = [3, 32, 32] as const

/** Decodes every image once; those that fail, in their order, with the reason. */
const findBad = async (
  paths: readonly string[],
  onChecked: (done: number, total: number) => void,
): Promise<ReadonlyMap<number, BadImage>> => {
  const bad = new Map<number, BadImage>()
  for (let first = 0; first < paths.length; first += TOGETHER) {
    const some = paths.slice(first, first + TOGETHER)
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
  { labels }: Images,
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

const refuseMany = (folder: string, found: BadImageReport, limit: number): never => {
  const { checked, images } = found
  const [{ file, reason }] = images
  const share = images.length / checked
  throw new FileError({
    where: folder,
    expected: `at most ${percent(limit)} of the images bad`,
    got: `${images.length} of ${checked}, ${percent(share)}`,
    context: `the first: ${file}: ${reason}`,
    hint: `Look what happened to them, or allow more: --bad-limit ${Math.ceil(100 * share) / 100}`,
  })
}

/**
 * A listing without its bad images, or with others in their place: decided before training, so
 * that a run is the same however often it is resumed.
 * @param limit - the share that may be bad, 0 to 1
 * @throws FileError when more are, or when a class has none left
 */
export const withoutBad = async (
  listing: Images,
  policy: Exclude<BadImagePolicy, 'stop'>,
  limit: number,
  onChecked: (done: number, total: number) => void = () => {},
): Promise<Images & { readonly bad: BadImageReport }> => {
  const { folder, files, labels, classes } = listing
  const bad = await findBad(
    files.map(file => `${folder}/${file}`),
    onChecked,
  )
  const found: BadImageReport = { checked: files.length, images: [...bad.values()] }
  if (bad.size > limit * files.length) refuseMany(folder, found, limit)
  const kept = files.map((_, i) => i).filter(i => !bad.has(i))
  for (const [label, name] of classes.entries())
    if (labels.includes(label) && !kept.some(i => labels[i] === label))
      throw new FileError({
        where: `${folder}/${name}`,
        expected: 'at least one image that can be decoded',
        got: `${[...bad.values()].filter(({ file }) => file.startsWith(`${folder}/${name}/`)).length} that cannot`,
      })
  const instead = substitutes(listing, bad)
  const chosen = policy === 'skip' ? kept : files.map((_, i) => (bad.has(i) ? instead(i) : i))
  return {
    folder,
    classes,
    files: chosen.map(i => files[i]),
    labels: Int32Array.from(chosen, i => labels[i]),
    bad: found,
  }
}
