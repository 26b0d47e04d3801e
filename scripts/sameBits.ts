/**
 * Whether two builds train to the same bits, or one build to those of another day: a list of short
 * trainings by the built command, on both engines, in about two minutes a build on two cores.
 *
 *   npx tsx scripts/sameBits.ts .                           what this checkout's dist/ trains to
 *   npx tsx scripts/sameBits.ts ../before .                 beside another checkout's
 *   npx tsx scripts/sameBits.ts . --record bits.json        kept, to be compared with
 *   npx tsx scripts/sameBits.ts . --against bits.json       by what is built later, on this machine
 *   npx tsx scripts/sameBits.ts . --only onnx/,onednn/sgd   those with such parts in their names
 *
 * Bits depend on the processor, and on the versions of Node, ONNX Runtime and oneDNN. Needs both
 * engines and Fashion-MNIST; what fails says why. Exits 1 where anything differs or fails.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

interface Training {
  /** Of its folder too. */
  readonly name: string
  /** What `excite train` is told besides the engine and where to. */
  readonly args: string
  /** The training whose best weights it begins with. */
  readonly from?: string
  /** The training whose bits it must have. */
  readonly like?: string
  /** Whether it is killed in its second epoch, and resumed. */
  readonly killed?: boolean
}

const ENGINES = ['onnx', 'onednn'] as const

/** As a training sees the pictures from its own folder. */
const PICTURES = '../../pictures'
const EXPORT = 'data export shapes --to pictures --samples 60,20 --size 32'

const SMALL = '--epochs 2 --batch 16'
const SHAPES = `--data shapes --samples 200,50 --size 16 ${SMALL}`
const FOLDER = `--data ${PICTURES} --size 24 ${SMALL} --threads 1`
const AUGMENTED = '--rotate 15 --color-jitter 0.3'
const RESUMED =
  'se-resnet8 --data shapes --samples 640,50 --size 16 --epochs 3 --batch 16 --threads 1'

const TRAININGS: readonly Training[] = [
  { name: 'sgd', args: `resnet8 ${SHAPES} --threads 1` },
  {
    name: 'plain-momentum',
    args: `sk-resnet8 ${SHAPES} --threads 2 --no-nesterov --decay-rule all --schedule multi-step`,
  },
  {
    name: 'adamw',
    args: `se-resnet8 ${SHAPES} --threads 2 --optimizer adamw --lr 0.003 --weight-decay 0.05`,
  },
  { name: 'recipe-gct', args: `gct-resnet8 ${SHAPES} --threads 1 --recipe gct` },
  {
    name: 'plateau',
    args: `resnet8 ${SHAPES} --threads 2 --epochs 3 --schedule plateau --patience 0 --warm-up 0`,
  },
  { name: 'clipped', args: `resnet8 ${SHAPES} --threads 1 --clip-norm 0.5 --smoothing 0.1` },
  { name: 'average', args: `se-resnet8 ${SHAPES} --threads 1 --ema-decay 0.8` },
  {
    name: 'average-adamw',
    args: `resnet8 ${SHAPES} --threads 2 --ema-decay 0.8 --optimizer adamw`,
  },
  { name: 'frozen-statistics', args: `gct-resnet8 ${SHAPES} --threads 2 --frozen-epochs 1` },
  { name: 'mixup', args: `resnet8 ${SHAPES} --threads 1 --mixup 0.4` },
  { name: 'mixup-cutmix', args: `sk-resnet8 ${SHAPES} --threads 1 --mixup 0.4 --cutmix 1` },
  {
    name: 'augmented',
    args: `resnet8 ${SHAPES} --threads 1 ${AUGMENTED} --cutout 4 --rand-augment 2,9 --erase 0.5`,
  },
  {
    name: 'balanced',
    args: `resnet8 ${SHAPES} --threads 2 --sampling balanced --initialize pytorch --seed 7`,
  },
  { name: 'dropout', args: `se-resnet8 ${SHAPES} --threads 1 --dropout 0.3` },
  {
    name: 'mobilenet',
    args: `mobilenet_v3_small --data shapes --samples 96,20 --size 32 ${SMALL} --threads 2`,
  },
  {
    name: 'shufflenet',
    args: `se-shufflenet_v2_x0_5 --data shapes --samples 96,20 --size 32 ${SMALL} --threads 1`,
  },
  {
    name: 'shake-shake',
    args: 'shake26_2x96d --data shapes --samples 16,10 --size 8 --epochs 1 --batch 8 --threads 2',
  },
  { name: 'frozen-backbone', args: `resnet8 ${SHAPES} --threads 1 --freeze backbone`, from: 'sgd' },
  {
    name: 'frozen-at-first',
    args: `resnet8 ${SHAPES} --threads 1 --freeze layer1,layer2 --unfreeze-at 2`,
    from: 'sgd',
  },
  {
    name: 'gates-first',
    args: `resnet8 ${SHAPES} --threads 2 --attention gct --freeze !gct --unfreeze-at 2`,
    from: 'sgd',
  },
  { name: 'folder', args: `se-resnet8 ${FOLDER} --resized-crop 0.5 --workers 2` },
  {
    name: 'folder-no-workers',
    args: `se-resnet8 ${FOLDER} --resized-crop 0.5 --workers 0`,
    like: 'folder',
  },
  {
    name: 'folder-augmented',
    args: `resnet8 ${FOLDER} ${AUGMENTED} --workers 2 --mixup 0.2`,
  },
  {
    name: 'fashion-mnist',
    args: `gct-resnet8 --data fashion-mnist --samples 200,50 ${SMALL} --threads 2`,
  },
  { name: 'undisturbed', args: RESUMED },
  { name: 'killed-and-resumed', args: RESUMED, like: 'undisturbed', killed: true },
]

/** Options as they are called now, and as they were called before. */
const RENAMED = [
  ['--engine', '--device'],
  ['--ema-decay', '--average-decay'],
  ['--color-jitter', '--colour-jitter'],
  ['--initialize', '--initialise'],
] as const

interface Bits {
  readonly hash: string
  /** Of training and of test, an epoch after the other. */
  readonly losses: readonly number[]
}

type Result = Bits | { readonly failed: string }

/** What `--record` writes. */
interface Recorded {
  readonly cpu: string
  readonly cores: number
  readonly node: string
  readonly hashes: Readonly<Record<string, string>>
  readonly losses: Readonly<Record<string, readonly number[]>>
}

const machine = {
  cpu: cpus()[0]?.model.trim() ?? process.arch,
  cores: availableParallelism(),
  node: process.versions.node,
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** Where the command of a build lies in its folder. */
const COMMAND = 'dist/cli/main.js'

/** What is running, and ends with this program. */
const running = new Set<ChildProcess>()

/** Starts the command of a build. */
const start = (build: string, cwd: string, args: readonly string[]): Started => {
  const child = spawn(process.execPath, [join(build, COMMAND), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      running.delete(child)
      resolve({ code, ...texts })
    })
  })
  return { child, ended }
}

/** @throws Error with what the command said, where it fails */
const excite = async (build: string, cwd: string, args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await start(build, cwd, args).ended
  if (code === 0) return stdout
  throw new Error(stderr.trim() || `exit code ${code}`)
}

/** Gives options the names that a build knows them by. */
const speaker = async (build: string): Promise<(option: string) => string> => {
  const help = await excite(build, '.', ['train', '--help'])
  const old = RENAMED.filter(([now]) => !new RegExp(`^\\s*${now}\\b`, 'm').test(help))
  return option => old.find(([now]) => now === option)?.[1] ?? option
}

/** Longer than the second after which a training with `--save-every 1` saves. */
const PAUSE = 1100

/**
 * Kills a training between two steps of its second epoch, however fast the machine is: once the
 * first epoch's checkpoint is there it is halted for so long that its next step saves another.
 * @throws Error where it ended by itself
 */
const killMidway = async ({ child, ended }: Started, run: string): Promise<void> => {
  const checkpoints = join(run, 'checkpoints')
  const saved = async (): Promise<number> => {
    const names = existsSync(checkpoints) ? await readdir(checkpoints) : []
    return names.filter(name => name.startsWith('step-')).length
  }
  while (running.has(child) && (await saved()) === 0) await sleep(2)
  while (running.has(child) && (await saved()) === 1) {
    child.kill('SIGSTOP')
    await sleep(PAUSE)
    child.kill('SIGCONT')
    await sleep(20)
  }
  child.kill('SIGKILL')
  const { code, stderr } = await ended
  if (code !== null) throw new Error(stderr.trim() || 'ended before it was killed')
}

interface Entry {
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** Names, shapes and bytes of a safetensors file's tensors. */
const addTensors = (hash: Hash, file: Buffer): void => {
  const begin = 8 + Number(file.readBigUint64LE(0))
  const { __metadata__, ...tensors }: Record<string, Entry> = JSON.parse(
    file.toString('utf8', 8, begin),
  )
  for (const name of Object.keys(tensors).sort()) {
    const { shape, data_offsets } = tensors[name]
    const [from, to] = data_offsets
    hash.update(JSON.stringify([name, shape])).update(file.subarray(begin + from, begin + to))
  }
}

const bitsOf = async (run: string): Promise<Bits> => {
  const hash = createHash('sha256')
  for (const name of ['last', 'best'])
    addTensors(hash, await readFile(join(run, `${name}.safetensors`)))
  const rows: { trainLoss: number; testLoss: number }[] = (
    await readFile(join(run, 'metrics.jsonl'), 'utf8')
  )
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  return {
    hash: hash.digest('hex').slice(0, 16),
    losses: rows.flatMap(({ trainLoss, testLoss }) => [trainLoss, testLoss]),
  }
}

/** Whether another training begins with its weights. */
const isWanted = (name: string): boolean => TRAININGS.some(({ from }) => from === name)

/** What a row stands for: a training on an engine. */
interface Case {
  readonly engine: (typeof ENGINES)[number]
  readonly training: Training
}

const caseName = ({ engine, training }: Case): string => `${engine}/${training.name}`

/** What is compared: a build, or what was recorded of one. */
interface Column {
  readonly title: string
  bits(one: Case): Promise<Result>
}

const reason = (cause: unknown): { failed: string } => ({
  failed: cause instanceof Error ? cause.message : String(cause),
})

const buildColumn = async (title: string, build: string, folder: string): Promise<Column> => {
  const spoken = await speaker(build)
  const train = async ({ engine, training }: Case): Promise<Bits> => {
    const { name, args, from, killed = false } = training
    const cwd = join(folder, engine)
    await mkdir(cwd, { recursive: true })
    const run = join(cwd, name)
    const weights = from === undefined ? [] : ['--weights', `${from}/best.safetensors`]
    const given = ['train', ...args.split(' '), '--engine', engine, ...weights, '--out', name]
    const words = given.map(spoken)
    if (killed) {
      await killMidway(start(build, cwd, [...words, '--save-every', '1']), run)
      await excite(build, cwd, ['train', '--resume', name])
    } else await excite(build, cwd, words)
    const bits = await bitsOf(run)
    if (!isWanted(name)) await rm(run, { recursive: true })
    return bits
  }
  return { title, bits: one => train(one).catch(reason) }
}

const recordColumn = async (file: string): Promise<Column> => {
  const { hashes, losses, ...where }: Recorded = JSON.parse(await readFile(file, 'utf8'))
  const text = ({ cpu, cores, node }: typeof machine): string =>
    `${cpu}, ${cores} cores, Node ${node}`
  if (text(where) !== text(machine))
    console.error(`recorded on ${text(where)}; this is ${text(machine)}: bits may differ by that`)
  return {
    title: 'recorded',
    bits: async one => {
      const name = caseName(one)
      return name in hashes
        ? { hash: hashes[name], losses: losses[name] }
        : { failed: 'not recorded' }
    },
  }
}

const same = (a: Result, b: Result): boolean =>
  'hash' in a && 'hash' in b && a.hash === b.hash && `${a.losses}` === `${b.losses}`

const NAME_WIDTH = Math.max(
  ...ENGINES.flatMap(engine => TRAININGS.map(training => caseName({ engine, training }).length)),
)
const HASH_WIDTH = 16
const VERDICT_WIDTH = 'DIFFERENT'.length

const row = (name: string, hashes: readonly string[], verdict: string, rest: string): string =>
  [
    name.padEnd(NAME_WIDTH),
    ...hashes.map(hash => hash.padEnd(HASH_WIDTH)),
    verdict.padEnd(VERDICT_WIDTH),
    rest,
  ]
    .join('  ')
    .trimEnd()

const detail = (result: Result): string =>
  'hash' in result
    ? result.losses.map(loss => loss.toFixed(4)).join(' ')
    : result.failed.replace(/\s+/g, ' ')

/** The chosen trainings, after those that they begin with or are compared to. */
const chosenCases = (only: string | undefined): readonly Case[] => {
  const parts = only?.split(',')
  return ENGINES.flatMap(engine => {
    const all = TRAININGS.map(training => ({ engine, training }))
    const chosen = all.filter(
      one => parts === undefined || parts.some(part => caseName(one).includes(part)),
    )
    const needed = new Set(
      chosen.flatMap(({ training: { name, from, like } }) => [name, from, like]),
    )
    return all.filter(({ training }) => needed.has(training.name))
  })
}

type Verdict = '' | 'same' | 'DIFFERENT' | 'failed'

/** @param models - by column, what the results must be like besides */
const verdictOf = (results: readonly Result[], models: readonly Result[] | undefined): Verdict => {
  if (results.some(result => 'failed' in result)) return 'failed'
  if (results.length === 1 && models === undefined) return ''
  const agree = results.every(result => same(results[0], result))
  return agree && results.every((result, i) => same(result, models?.[i] ?? result))
    ? 'same'
    : 'DIFFERENT'
}

/** Prints a row a training; gives all results by name, and how many rows are amiss. */
const compare = async (columns: readonly Column[], cases: readonly Case[]) => {
  const titles = columns.map(({ title }) => title)
  console.log(row('training', titles, '', 'losses of training and test, epoch by epoch'))
  const all = new Map<string, readonly Result[]>()
  let amiss = 0
  for (const one of cases) {
    const name = caseName(one)
    const { like } = one.training
    const results: Result[] = []
    for (const column of columns) results.push(await column.bits(one))
    all.set(name, results)
    const models = like === undefined ? undefined : all.get(`${one.engine}/${like}`)
    const verdict = verdictOf(results, models)
    if (verdict === 'DIFFERENT' || verdict === 'failed') amiss++
    const hashes = results.map(result => ('hash' in result ? result.hash : '-'))
    const details = results.map(detail)
    const agreed = new Set(details).size === 1
    console.log(row(name, hashes, verdict, agreed ? details[0] : ''))
    if (!agreed) for (const [i, text] of details.entries()) console.log(`  ${titles[i]}: ${text}`)
    if (models?.some((model, i) => !same(model, results[i])))
      console.log(`  must have the bits of ${like}`)
  }
  return { all, amiss }
}

/** What the first column gave, without what failed. */
const recordOf = (all: ReadonlyMap<string, readonly Result[]>): Recorded => {
  const made = [...all].flatMap(([name, [result]]) =>
    'hash' in result ? [[name, result] as const] : [],
  )
  return {
    ...machine,
    hashes: Object.fromEntries(made.map(([name, { hash }]) => [name, hash])),
    losses: Object.fromEntries(made.map(([name, { losses }]) => [name, losses])),
  }
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'string' },
    against: { type: 'string' },
    only: { type: 'string' },
  },
})
const builds = positionals.map(build => resolve(build))
const cases = chosenCases(flags.only)
if (builds.length < 1 || builds.length > 2 || cases.length === 0) {
  console.error('sameBits.ts BUILD_A [BUILD_B] [--record FILE] [--against FILE] [--only PART,…]')
  process.exit(2)
}
const unbuilt = builds.find(build => !existsSync(join(build, COMMAND)))
if (unbuilt !== undefined) {
  console.error(`${unbuilt} has no ${COMMAND}: npm run build makes it`)
  process.exit(2)
}

const folder = await mkdtemp(join(tmpdir(), 'excite-bits-'))
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

// Once, by the first: what is compared is what builds make of the same pictures.
await excite(builds[0], folder, EXPORT.split(' '))
const columns: Column[] = []
for (const [i, build] of builds.entries()) {
  const title = 'AB'[i]
  console.log(`${title}: ${build}`)
  columns.push(await buildColumn(title, build, join(folder, title)))
}
if (flags.against !== undefined) columns.push(await recordColumn(flags.against))
const { all, amiss } = await compare(columns, cases)
if (flags.record !== undefined)
  await writeFile(flags.record, `${JSON.stringify(recordOf(all), null, 2)}\n`)
if (amiss > 0) console.log(`${amiss} of ${cases.length} trainings differ or failed`)
process.exitCode = amiss > 0 ? 1 : 0
