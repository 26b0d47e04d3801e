/**
 * How trainings over several processes scale, and what a model of the step says of other machines.
 *
 *   npx tsx bench/scaling.ts steps [--rounds 4]     2 ranks of a thread beside one process of 2 threads
 *   npx tsx bench/scaling.ts ranks                  1, 2, 4 and 8 ranks, more than there are cores
 *   npx tsx bench/scaling.ts exchanges [--ranks 2]  an all-reduce of 1 kB to 112 MB
 *   npx tsx bench/scaling.ts network                the same between two namespaces with limited links (root)
 *   npx tsx bench/scaling.ts model                  predictions by the figures that stand in this file
 */

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { spreadOf } from '../src/stats/clock.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '4' },
    ranks: { type: 'string', default: '2' },
    network: { type: 'string' },
  },
})

const RANK = fileURLToPath(new URL('./scalingRank.ts', import.meta.url))
const TSX = ['--import', 'tsx', RANK]
const MPIRUN = ['mpirun.openmpi', '--allow-run-as-root', '--bind-to', 'none', '--oversubscribe']

interface Steps {
  readonly times: readonly number[]
  readonly exchanges: readonly number[]
}

const run = (command: readonly string[]) => {
  const [program, ...args] = command
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  const line = stdout.split('\n').find(text => /^[{[]/.test(text))
  if (status !== 0 || line === undefined) throw new TypeError(`${command.join(' ')}\n${stderr}`)
  return JSON.parse(line)
}

const onRanks = (ranks: number, args: readonly string[]) =>
  ranks === 1
    ? run([process.execPath, ...TSX, ...args])
    : run([...MPIRUN, '-n', `${ranks}`, process.execPath, ...TSX, ...args])

const ms = (seconds: number): string => `${(1000 * seconds).toFixed(1)} ms`
const row = (...cells: readonly (string | number)[]): void =>
  console.log(`| ${cells.join(' | ')} |`)
const table = (...names: readonly string[]): void => {
  row(...names)
  row(...names.map(() => '---'))
}

/** What Open MPI came to of the nominal rate of limited links: 0.43 of 1 Gbit/s, 0.48 of 10. */
const SHARE_OF_TCP = 0.45

/** Network, side of the images, batch, steps. */
const WORKS: readonly (readonly [string, number, number, number])[] = [
  ['se-resnet20', 32, 128, 6],
  ['se-resnet50', 64, 32, 3],
  ['se-resnet50', 224, 8, 2],
]

const stepsOf = (
  ranks: number,
  threads: number,
  [name, size, batch, count]: (typeof WORKS)[number],
): Steps => onRanks(ranks, ['steps', name, size, batch, threads, count].map(String))

const works = WORKS.filter(
  ([name, size]) => (flags.network ?? `${name}-${size}`) === `${name}-${size}`,
)

const steps = (): void => {
  table(
    'network',
    'images',
    'one process, 2 threads',
    '2 ranks, 1 thread',
    'of that exchange',
    'ratio',
  )
  for (const work of works) {
    const [alone, shared, exchanged]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < Number(flags.rounds); round++) {
      alone.push(...stepsOf(1, 2, work).times)
      const two = stepsOf(2, 1, work)
      shared.push(...two.times)
      exchanged.push(...two.exchanges)
    }
    const [one, two] = [spreadOf(alone), spreadOf(shared)]
    const ratio = `${(one.median / two.median).toFixed(2)} (best ${(one.best / two.best).toFixed(2)})`
    const [name, size, batch] = work
    row(
      name,
      `${batch} of ${size}²`,
      ms(one.median),
      ms(two.median),
      ms(spreadOf(exchanged).median),
      ratio,
    )
  }
}

const ranks = (): void => {
  table('network', 'ranks', 'step', 'of that exchange')
  for (const count of [1, 2, 4, 8])
    for (const work of works.slice(0, 1)) {
      const { times, exchanges } = stepsOf(count, 1, work)
      row(work[0], count, ms(spreadOf(times).median), ms(spreadOf([0, ...exchanges]).median))
    }
}

interface Exchange {
  readonly bytes: number
  readonly times: readonly number[]
}

/** Seconds of a call, and bytes a second, by least squares of relative errors: t = a + 2 (n − 1) / n · S / B. */
const fitted = (all: readonly Exchange[], n: number) => {
  const points = all.map(({ bytes, times }) => ({
    x: ((2 * (n - 1)) / n) * bytes,
    y: spreadOf(times).median,
  }))
  const sum = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((total, point) => total + of(point) / point.y ** 2, 0)
  const [w, x, y, xx, xy] = [
    sum(() => 1),
    sum(p => p.x),
    sum(p => p.y),
    sum(p => p.x ** 2),
    sum(p => p.x * p.y),
  ]
  const slope = (w * xy - x * y) / (w * xx - x ** 2)
  return { a: (y - slope * x) / w, bandwidth: 1 / slope }
}

const showExchanges = (title: string, all: readonly Exchange[], n: number): void => {
  const { a, bandwidth } = fitted(all, n)
  row(
    title,
    ...all.map(({ times }) => ms(spreadOf(times).median)),
    ms(a),
    `${(bandwidth / 1e6).toFixed(0)} MB/s`,
  )
}

const sized = (bytes: number): string => (bytes < 1e6 ? `${bytes / 1000} kB` : `${bytes / 1e6} MB`)

const exchanges = (): void => {
  const sizes = [1000, 100_000, 1_000_000, 10_000_000, 112_000_000]
  table('ranks', ...sizes.map(sized), 'latency', 'bandwidth')
  for (const n of flags.ranks.split(',').map(Number))
    showExchanges(`${n}`, onRanks(n, ['exchanges', '5', ...sizes.map(String)]), n)
}

const ip = (...words: readonly string[]): void => {
  const { status, stderr } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new TypeError(`${words.join(' ')}: ${stderr}`)
}

/**
 * Two namespaces of this machine, joined by a pair of virtual cards whose rate is limited. The second
 * rank is started there by an agent in place of ssh, under another host name, so that Open MPI takes
 * the two for different machines.
 */
const network = (): void => {
  const sizes = [1000, 100_000, 1_000_000, 10_000_000]
  const [a, b] = [`excite-a-${process.pid}`, `excite-b-${process.pid}`]
  const agent = join(tmpdir(), `excite-agent-${process.pid}.sh`)
  const inside = (name: string, ...words: readonly string[]): void =>
    ip('ip', 'netns', 'exec', name, ...words)
  table('link', ...sizes.map(sized), 'latency', 'bandwidth')
  try {
    for (const name of [a, b]) ip('ip', 'netns', 'add', name)
    ip('ip', 'link', 'add', 'va', 'netns', a, 'type', 'veth', 'peer', 'name', 'vb', 'netns', b)
    for (const [name, card, address] of [
      [a, 'va', '10.77.0.1/24'],
      [b, 'vb', '10.77.0.2/24'],
    ]) {
      inside(name, 'ip', 'addr', 'add', address, 'dev', card)
      for (const own of ['lo', card]) inside(name, 'ip', 'link', 'set', own, 'up')
    }
    writeFileSync(
      agent,
      `#!/bin/sh\nshift\nexec ip netns exec ${b} unshare -u sh -c "hostname nodeb; $*"\n`,
      { mode: 0o700 },
    )
    const tcp = [
      'btl',
      'tcp,self',
      'btl_tcp_if_include',
      '10.77.0.0/24',
      'oob_tcp_if_include',
      '10.77.0.0/24',
    ]
    const settings = [...tcp, 'plm_rsh_agent', agent].flatMap((word, i, all) =>
      i % 2 === 0 ? ['--mca', word, all[i + 1]] : [],
    )
    for (const rate of ['100mbit', '1gbit', '10gbit']) {
      for (const [name, card] of [
        [a, 'va'],
        [b, 'vb'],
      ])
        inside(
          name,
          'tc',
          'qdisc',
          'replace',
          'dev',
          card,
          'root',
          'tbf',
          'rate',
          rate,
          'burst',
          '256kb',
          'latency',
          '50ms',
        )
      const words = [
        ...MPIRUN,
        '--host',
        '10.77.0.1:1,10.77.0.2:1',
        ...settings,
        '-n',
        '2',
        process.execPath,
        ...TSX,
        'exchanges',
        '3',
        ...sizes.map(String),
      ]
      const shell = `hostname nodea; exec ${words.join(' ')}`
      showExchanges(rate, run(['ip', 'netns', 'exec', a, 'unshare', '-u', 'sh', '-c', shell]), 2)
    }
  } finally {
    for (const name of [a, b]) spawnSync('ip', ['netns', 'del', name])
    rmSync(agent, { force: true })
  }
}

/** A gradient of SE-ResNet-50. */
const GRADIENT = 112e6
/** Links: bytes a second, seconds of a message. By TCP the share of the nominal rate that `network` came to. */
const LINKS: Readonly<Record<string, readonly [number, number]>> = {
  '1 Gbit/s Ethernet': [SHARE_OF_TCP * 125e6, 50e-6],
  '10 Gbit/s Ethernet': [SHARE_OF_TCP * 1250e6, 50e-6],
  '100 Gbit/s Ethernet': [SHARE_OF_TCP * 12_500e6, 50e-6],
  '200 Gbit/s InfiniBand': [0.85 * 25_000e6, 5e-6],
}

/** A ring over n ranks in the order of their machines, of which each has one card. */
const ring = (n: number, [bandwidth, latency]: readonly [number, number]): number =>
  ((2 * (n - 1)) / n) * (GRADIENT / bandwidth) + 2 * (n - 1) * latency

/**
 * t = images of a rank / their rate + ring: nothing of the exchange hides behind the backward pass. The
 * rates are assumed: a graphics card of 2017, one of today, a processor of 2 and one of 16 cores.
 */
const predict = (
  title: string,
  n: number,
  batch: number,
  rates: readonly number[],
  links = Object.keys(LINKS),
): void => {
  table(title, 'exchange', ...rates.map(rate => `${rate} images/s a rank`))
  for (const link of links) {
    const exchange = ring(n, LINKS[link])
    const shares = rates.map(rate => {
      const compute = batch / n / rate
      return `${ms(compute + exchange)}, ${((100 * compute) / (compute + exchange)).toFixed(0)} %`
    })
    row(link, ms(exchange), ...shares)
  }
}

const predictions = (): void => {
  predict('64 GPUs in 8 servers, batch 2,048', 64, 2048, [300, 1500])
  const office = Object.keys(LINKS).slice(0, 2)
  predict('8 office machines, batch 256', 8, 256, [3, 25], office)
  predict('8 office machines, batch 2,048', 8, 2048, [3, 25], office)
}

const WORK: Readonly<Record<string, () => void>> = {
  steps,
  ranks,
  exchanges,
  network,
  model: predictions,
}
const chosen = WORK[positionals[0] ?? '']
if (chosen === undefined) throw new TypeError(`expected one of ${Object.keys(WORK).join(', ')}`)
chosen()
