/**
 * How long oneDNN takes for convolutions of 3×3 by direct sums and by Winograd's algorithm, and in
 * narrow groups and in groups of sixteen, in each direction: what the rules of winograd.ts and
 * regrouped.ts in src/engines/onednn/lower stand on. Best of 12, as Markdown.
 * Usage: npx tsx bench/convolutions.ts [THREADS]
 */

import { availableParallelism } from 'node:os'
import { machine } from '../src/bench/machine.ts'
import { block, planArena, touch } from '../src/engines/arena.ts'
import type { Sliding } from '../src/engines/onednn/api/index.ts'
import { ARG, CONVOLUTION, PROP, type QUERY } from '../src/engines/onednn/constants.ts'
import { type Descriptor, int64s } from '../src/engines/onednn/descriptor.ts'
import { openLibrary } from '../src/engines/onednn/library.ts'
import { allocate, bind, view } from '../src/engines/onednn/memory.ts'
import type { Stored } from '../src/engines/onednn/plan.ts'
import { openDevice, type Primitive, primitiveCache } from '../src/engines/onednn/primitives.ts'

const ROUNDS = 12
const threads = Number(process.argv[2] ?? availableParallelism())

/** Batch, channels, side. */
const DENSE = [
  [8, 64, 56],
  [8, 128, 28],
  [8, 256, 14],
  [8, 512, 7],
  [1, 128, 28],
  [1, 256, 14],
  [4, 256, 14],
  [16, 512, 7],
  [128, 16, 32],
  [128, 32, 16],
  [128, 64, 8],
] as const

/** Batch, channels, side, channels of a group. */
const GROUPED = [
  [8, 128, 56, 2],
  [8, 128, 56, 4],
  [8, 128, 56, 8],
  [8, 256, 28, 8],
] as const

const library = await openLibrary()
const device = openDevice(library)
library.setThreads(threads)

type Query = Exclude<keyof typeof QUERY, 'argument'>
type Argument = readonly [argument: number, query: Query]

const FORWARD: readonly Argument[] = [
  [ARG.source, 'source'],
  [ARG.weights, 'weights'],
  [ARG.result, 'result'],
]
const DATA: readonly Argument[] = [
  [ARG.dSource, 'dSource'],
  [ARG.weights, 'weights'],
  [ARG.dResult, 'dResult'],
]
const WEIGHTS: readonly Argument[] = [
  [ARG.source, 'source'],
  [ARG.dWeights, 'dWeights'],
  [ARG.dResult, 'dResult'],
]

const where = 'bench'
const ONE = int64s([1, 1])
const SAME: Sliding = [ONE, int64s([0, 0]), ONE, ONE]

/** Milliseconds of the three directions. */
const timed = (
  [batch, channels, side]: readonly [number, number, number, ...number[]],
  algorithm: number,
  perGroup: number = channels,
): number[] => {
  const cache = primitiveCache(device)
  const { any } = cache.descriptors
  const groups = channels / perGroup
  const x = any([batch, channels, side, side])
  const weight = any([...(groups === 1 ? [] : [groups]), perGroup, perGroup, 3, 3])
  const forward = (algorithm: number) =>
    cache.tryPrimitive({
      where,
      kind: 'convolutionForward',
      values: [PROP.training, algorithm, x, weight, undefined, x, ...SAME],
    })
  const hint = forward(CONVOLUTION.direct)?.hint ?? 0
  const data = cache.tryPrimitive({
    where,
    kind: 'convolutionBackwardData',
    values: [algorithm, x, weight, x, ...SAME],
    hint,
  })
  const weights = cache.tryPrimitive({
    where,
    kind: 'convolutionBackwardWeights',
    values: [algorithm, x, weight, undefined, x, ...SAME],
    hint,
  })
  const best = (primitive: Primitive | undefined, what: readonly Argument[]): number => {
    if (primitive === undefined) return Number.NaN
    const needed: readonly Argument[] = [...what, [ARG.scratchpad, 'scratchpad']]
    const given = needed.flatMap(([argument, query]): [number, Stored][] => {
      const desc: Descriptor | undefined = primitive.query(query)
      return desc === undefined ? [] : [[argument, { desc, block: block(desc.size) }]]
    })
    for (const [, { block: piece }] of given) touch(piece, 0)
    const memory = allocate(library, planArena(given.map(([, { block: piece }]) => piece)))
    for (const [, stored] of given) view(memory, stored).fill(0.5)
    const call = bind({ where, primitive, arguments: given }, device, cache, memory)
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now()
      call()
      library.check(where, 'dnnl_stream_wait', device.stream)
      least = Math.min(least, performance.now() - start)
    }
    return least
  }
  const times = [best(forward(algorithm), FORWARD), best(data, DATA), best(weights, WEIGHTS)]
  cache.dispose()
  return times
}

const row = (cells: readonly (number | string)[], one: number[], other: number[]): string => {
  const pairs = one.map((ms, i) => `${ms.toFixed(2)}, ${other[i].toFixed(2)}`)
  return `| ${cells.join(', ')} | ${pairs.join(' | ')} |`
}

console.log(`${machine()}; oneDNN ${library.version}; ${threads} threads; milliseconds\n`)
const HEAD = 'result | gradient of x | gradient of the weight |\n|---|---|---|---|'
console.log(`| N, C, side: direct, Winograd | ${HEAD}`)
for (const shape of DENSE)
  console.log(row(shape, timed(shape, CONVOLUTION.direct), timed(shape, CONVOLUTION.winograd)))
console.log(`\n| N, C, side, of a group: so, in sixteens | ${HEAD}`)
for (const shape of GROUPED)
  console.log(
    row(shape, timed(shape, CONVOLUTION.direct, shape[3]), timed(shape, CONVOLUTION.direct, 16)),
  )
