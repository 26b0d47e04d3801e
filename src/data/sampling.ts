/** In which order an epoch sees its images: a function of the seed and the epoch. */

import { permutation, type RandomStream } from '../random/index.ts'

/**
 * `shuffle` sees each image once. `balanced` sees each class equally often, round by round, as the
 * class-balanced mini-batches of SENet's first edition (arXiv:1709.01507v1, section 5, after Shen,
 * Lin and Huang, arXiv:1512.05830): the images of a small class come again, in a new order.
 */
export const SAMPLINGS = ['shuffle', 'balanced'] as const
export type Sampling = (typeof SAMPLINGS)[number]

const balanced = (draw: RandomStream, labels: Int32Array): Uint32Array => {
  const members: number[][] = []
  for (const [index, label] of labels.entries()) {
    members[label] ??= []
    members[label].push(index)
  }
  const classes = members.filter(own => own !== undefined)
  const decks = classes.map((): Uint32Array => new Uint32Array())
  const order = new Uint32Array(labels.length)
  let turns: Uint32Array = new Uint32Array()
  for (let i = 0; i < order.length; i++) {
    const round = Math.floor(i / classes.length)
    if (i % classes.length === 0)
      turns = permutation(draw.fork('turns').fork(round), classes.length)
    const chosen = turns[i % classes.length]
    const own = classes[chosen]
    const place = round % own.length
    if (place === 0)
      decks[chosen] = permutation(draw.fork(chosen).fork(round / own.length), own.length)
    order[i] = own[decks[chosen][place]]
  }
  return order
}

export const epochOrder = (
  draw: RandomStream,
  labels: Int32Array,
  sampling: Sampling = 'shuffle',
): Uint32Array =>
  sampling === 'balanced' ? balanced(draw, labels) : permutation(draw, labels.length)
