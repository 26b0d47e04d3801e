/** What there is to see, in sentences that are true to the numbers: measured, and of this picture. */

import type { Measured, MeasuredBlock } from './measured.ts'
import type { Look, NetworkInfo } from './network.ts'

/** A rank correlation, or a ratio of accuracy to its error, below which nothing is claimed. */
const CLEAR = 0.3
const list = new Intl.ListFormat('en')
const share = (value: number): string => value.toFixed(2).replace(/^0/, '')
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
const signed = (value: number): string => value.toFixed(2).replace('-', '−')

interface Named extends MeasuredBlock {
  readonly block: string
}

const namedBlocks = ({ blocks }: NetworkInfo, measured: Measured): readonly Named[] =>
  measured.blocks.flatMap(own => {
    const block = blocks.find(({ path }) => path === own.path)?.block
    return block === undefined ? [] : [{ ...own, block }]
  })

const selection = (blocks: readonly Named[], { scenes }: Measured): string => {
  const by = (test: (rank: number) => boolean) =>
    blocks.filter(({ rankCorrelation = 0 }) => test(rankCorrelation)).map(({ block }) => block)
  const [larger, smaller] = [by(rank => rank > CLEAR), by(rank => rank < -CLEAR)]
  const ends = blocks.map(
    ({ block, sweep }) =>
      `${block} from ${share(sweep?.mean[0] ?? 0)} to ${share(sweep?.mean.at(-1) ?? 0)}`,
  )
  const claim =
    larger.length === 0
      ? 'As the object grows, no unit clearly leans to its larger kernel'
      : `As the object grows, ${list.format(larger)} ${larger.length > 1 ? 'lean' : 'leans'} to the larger kernel, as Li et al. found`
  const against = smaller.length === 0 ? '' : `; ${list.format(smaller)} to the smaller, against it`
  const ranks = blocks.map(
    ({ block, rankCorrelation = 0 }) => `${block} ${signed(rankCorrelation)}`,
  )
  return `${claim}${against}. From half to double size the share goes, over ${scenes} scenes, in ${list.format(ends)}; rank correlation with the true scale on test images: ${ranks.join(', ')}.`
}

const excitation = (blocks: readonly Named[]): string => {
  const [first, last] = [blocks[0], blocks[blocks.length - 1]]
  const late = last.specificity > 2 * first.specificity
  const all = blocks.map(({ block, specificity }) => `${block} ${specificity.toFixed(2)}`)
  return `${late ? 'Change the class: the late gates change with it, the early ones hardly, as Hu et al. found' : 'Change the class: here late gates do not know it much better than early ones'}. Variance of gates between classes over that within one: ${all.join(', ')}.`
}

const transformation = (blocks: readonly Named[]): string => {
  const ratio = (own: Named): number => own.varianceRatio ?? 1
  const [cooperating, competing] = [
    blocks.filter(own => ratio(own) < 1),
    blocks.filter(own => ratio(own) >= 1),
  ].map(own => own.map(({ block }) => block))
  const part = (names: readonly string[], what: string): string =>
    names.length === 0
      ? `no gate ${what}`
      : `${names.length} of ${blocks.length} gates ${what} (${names.join(', ')})`
  return `A gate below 1 damps its channel, above 1 it raises it. Over the test images ${part(cooperating, 'lower the variance of what passes')}, ${part(competing, 'raise it')}; Yang et al. found the first in early layers, and the second in late ones.`
}

/** What to see in a network whose measurements are known. */
export const whatToSee = (info: NetworkInfo, measured: Measured): string => {
  const blocks = namedBlocks(info, measured)
  if (info.blocks.some(({ kind }) => kind === 'selection')) return selection(blocks, measured)
  if (blocks.some(({ varianceRatio }) => varianceRatio !== undefined)) return transformation(blocks)
  return blocks.length === 0 ? 'This network has no attention.' : excitation(blocks)
}

/** What a switched-off block does to accuracy on the test images. */
export const whatItCosts = (
  info: NetworkInfo,
  { blocks, top1, images, without }: Measured,
  off: readonly string[],
): string | undefined => {
  if (off.length === 0) return undefined
  const on = `on ${images.toLocaleString('en')} test images`
  if (off.length === info.blocks.length)
    return `Without all attention: ${percent(without)} right ${on}, with it ${percent(top1)}.`
  if (off.length > 1)
    return `${off.length} blocks are off together: measured were only one, and all.`
  const { block = '' } = info.blocks.find(({ path }) => path === off[0]) ?? {}
  const { change = 0, standardError = 0 } = blocks.find(({ path }) => path === off[0]) ?? {}
  return `Without ${block}: ${percent(top1 + change)} right ${on}, with it ${percent(top1)} (${change <= 0 ? '−' : '+'}${Math.abs(100 * change).toFixed(1)} ± ${(100 * standardError).toFixed(1)} points).`
}

/** What the present picture is said to be, and how that changed. */
export const whatItSays = (
  classes: readonly string[],
  { probabilities }: Look,
  truth: string | undefined,
): string => {
  const best = probabilities.indexOf(Math.max(...probabilities))
  const said = `It says ${classes[best]}, ${percent(probabilities[best])}`
  return truth === undefined || !classes.includes(truth)
    ? `${said}.`
    : classes[best] === truth
      ? `${said}: right.`
      : `${said}: wrong, it is ${truth}.`
}
