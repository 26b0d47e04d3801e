/**
 * Excite and its peers in turn, A B C A B C, and how they compare: other work on a machine only ever
 * slows, so each contender's best round stands for it, and more rounds make ratios surer. At the end
 * a table in Markdown.
 *
 *   npx tsx bench/compare.ts                                      everything: a quarter of an hour
 *   npx tsx bench/compare.ts --work train --network se-resnet50   a row, in about a minute
 *   npx tsx bench/compare.ts --network se-resnet20 --batch 32,128 --contenders onednn,torch
 *   npx tsx bench/compare.ts --work train --network se-resnet50 --contenders onednn --batch 1,2,4,8
 *   npx tsx bench/compare.ts --list
 *
 * --work, --network and --batch choose rows of bench/rows.ts; batches that are not there are measured
 * as the row of that work and network. --contenders measures only these; --against names the one that
 * ratios are to (PyTorch where it contends, else the last). --rounds, --seconds (of each measurement)
 * and --threads say how. Peers are programs of their own: PyTorch is Debian's (apt-get install
 * python3-torch), for the others: npm install --prefix bench/peers.
 */

import { spawnSync } from 'node:child_process'
import { release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { machine } from '../src/bench/machine.ts'
import { model } from '../src/models/registry.ts'
import { variables } from '../src/nn/index.ts'
import { spreadOf } from '../src/stats/clock.ts'
import { CONTENDERS, type Printed, type Protocol, ROWS, type Row } from './rows.ts'

const { values: flags } = parseArgs({
  options: {
    work: { type: 'string' },
    network: { type: 'string' },
    batch: { type: 'string' },
    contenders: { type: 'string' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    list: { type: 'boolean', default: false },
  },
})

const protocol: Protocol = {
  threads: Number(flags.threads),
  warmUp: 4,
  seconds: Number(flags.seconds),
  least: 5,
}

interface Measured {
  readonly version: string
  /** Images a second. */
  readonly median: number
  readonly best: number
  readonly steps: number
  /** In bytes. */
  readonly peakMemory: number
}

const parametersOf = (network: string): number =>
  variables(model(network).network)
    .filter(({ tensor }) => tensor.kind === 'parameter')
    .reduce((sum, { tensor }) => sum + tensor.shape.reduce((size, d) => size * d, 1), 0)

const measure = (row: Row, name: string): Measured => {
  const [program, ...parts] = CONTENDERS[name].command(row, { ...protocol, ...row.protocol })
  const { status, stdout, stderr, error } = spawnSync(program, parts, {
    encoding: 'utf8',
    // The same patience of OpenMP's threads for all: on a busy machine it decides more than kernels.
    env: { ...process.env, GOMP_SPINCOUNT: process.env.GOMP_SPINCOUNT ?? '20000' },
  })
  if (error !== undefined || status !== 0)
    throw new Error(`${name} failed: ${error?.message ?? stderr.slice(-2000)}`)
  const printed = JSON.parse(stdout)
  if ('step' in printed) {
    const { imagesPerSecond, steps, peakMemory, version } = printed
    return { ...imagesPerSecond, steps, peakMemory, version }
  }
  const { version, parameters, seconds, peakMemory }: Printed = printed
  if (parameters !== undefined && parameters !== parametersOf(row.network))
    throw new Error(
      `${name}: ${parameters} parameters, and ours ${row.network} has ${parametersOf(row.network)}`,
    )
  const { median, best } = spreadOf(seconds)
  return {
    version,
    median: row.batch / median,
    best: row.batch / best,
    steps: seconds.length,
    peakMemory,
  }
}

const short = (value: number): string =>
  value < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en-US')

const title = ({ work, network, batch, size }: Row): string =>
  `${work} ${network}, batch ${batch}, ${size}²`

const chosenBy = (text: string | undefined, value: string): boolean =>
  text === undefined || text.split(',').includes(value)

const chosenRows = (): readonly Row[] => {
  const known = ROWS.filter(
    ({ work, network }) => chosenBy(flags.work, work) && chosenBy(flags.network, network),
  )
  const batches = flags.batch?.split(',').map(Number)
  const wanted =
    batches === undefined ? known : known.filter(({ batch }) => batches.includes(batch))
  // The first row of a work and network stands for batches that no row has.
  const firsts = known.filter(
    ({ work, network }, i) =>
      known.findIndex(other => other.work === work && other.network === network) === i,
  )
  const more = (batches ?? []).flatMap(batch =>
    firsts
      .filter(
        ({ work, network }) =>
          !wanted.some(row => row.batch === batch && row.work === work && row.network === network),
      )
      .map(row => ({ ...row, batch })),
  )
  return [...wanted, ...more].map(row => ({
    ...row,
    contenders: flags.contenders?.split(',') ?? row.contenders,
  }))
}

const HEADINGS = [
  'work',
  'network',
  'batch',
  'contender',
  'images/s, median',
  'best',
  'peak memory, MiB',
  'speed, ratio',
  'memory, ratio',
]

/** What the ratios of a row are to. */
const baseOf = ({ contenders }: Row): string =>
  flags.against ?? (contenders.includes('torch') ? 'torch' : (contenders.at(-1) as string))

/** A line of the table for each contender of a row: its best round. */
const linesOf = (row: Row, rounds: readonly ReadonlyMap<string, Measured>[]): string[][] => {
  const bestOf = (name: string): Measured | undefined =>
    rounds
      .flatMap(round => round.get(name) ?? [])
      .reduce<Measured | undefined>(
        (a, b) => (a !== undefined && a.best > b.best ? a : b),
        undefined,
      )
  const base = bestOf(baseOf(row))
  return row.contenders.map(name => {
    const own = bestOf(name) as Measured
    const over = (what: 'best' | 'peakMemory'): string =>
      base === undefined ? '' : short(own[what] / base[what])
    return [
      row.work,
      `\`${row.network}\``,
      `${row.batch}`,
      `${name} ${own.version}`,
      short(own.median),
      short(own.best),
      (own.peakMemory / 2 ** 20).toFixed(0),
      over('best'),
      over('peakMemory'),
    ]
  })
}

const rows = chosenRows()
if (flags.list) {
  for (const row of rows) console.log(`${title(row)}: ${row.contenders.join(', ')}`)
  for (const [name, { describe }] of Object.entries(CONTENDERS)) console.log(`${name}  ${describe}`)
} else {
  const table: string[][] = []
  for (const row of rows) {
    const rounds: Map<string, Measured>[] = []
    for (let round = 0; round < Number(flags.rounds); round++) {
      const results = new Map<string, Measured>()
      for (const name of row.contenders) {
        const found = measure(row, name)
        results.set(name, found)
        console.error(
          `${title(row)}, round ${round + 1}: ${name} ${short(found.median)} images/s, best ${short(found.best)} of ${found.steps}`,
        )
      }
      rounds.push(results)
    }
    table.push(...linesOf(row, rounds))
  }
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log(`
${machine()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}; Node ${process.versions.node}; ${protocol.threads} threads; the best of ${flags.rounds} rounds; ratios of best steps

${line(HEADINGS)}
${line(HEADINGS.map((_, i) => (i > 3 || i === 2 ? '--:' : '---')))}
${table.map(line).join('\n')}`)
}
