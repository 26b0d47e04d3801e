/** `excite bench`: how fast a network trains or answers on this machine. */

import { availableParallelism } from 'node:os'
import { Argument, Command, Option } from 'commander'
import type { WorkloadName } from '../../bench/workloads.ts'
import { UsageError } from '../../errors/index.ts'
import type { Spread } from '../../stats/clock.ts'
import { threadCount, whole } from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
import { type ModelFlags, withModelOptions } from '../modelOptions.ts'
import { count, multiplyAdds, percent, printJson, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'

const HELP = `
Examples:
  $ excite bench train se-resnet50
  $ excite bench train se-resnet20 --batch 128 --threads 1
  $ excite bench infer sknet50 --batch 1 --seconds 20 --json

Training is forward, backward and an update by SGD with momentum, of one batch over and
over: nothing is read and nothing saved. After three steps to warm up it is measured for --seconds.
Multiply-adds are those of convolutions and matrix products; the machine's peak is what the same
engine reaches, in the same process, on products of large matrices. Other work on the machine
changes all of this: let it rest, and compare only what was measured in turn.`

interface BenchFlags extends ModelFlags {
  readonly batch: number
  readonly size?: number
  readonly engine?: string
  readonly threads: number
  readonly seconds: number
  readonly json?: boolean
}

const WARM_UP = 3
/** Fewer say nothing of how much they differ. */
const LEAST = 5

const seconds = (text: string): number => {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 3600) return value
  throw new UsageError({ where: '--seconds', expected: 'a number from 0 to 3600', got: text })
}

const perSecond = (value: number): string =>
  value < 1000 ? value.toPrecision(4) : count(Math.round(value))

const milliseconds = (time: number): string => `${(time * 1000).toFixed(time < 1 ? 1 : 0)} ms`

const both = ({ median, best }: Spread, text: (value: number) => string): string =>
  `${text(median)} median, ${text(best)} best`

const run = async (work: WorkloadName, name: string, flags: BenchFlags): Promise<void> => {
  const { model } = await import('../../models/registry.ts')
  const { openEngine } = await import('../../engines/registry.ts')
  const { benchmark } = await import('../../bench/bench.ts')
  const { machine } = await import('../../bench/machine.ts')
  const { attention, strideIn, batch, threads } = flags
  const network = model(name, {
    ...(attention === undefined ? {} : { attention }),
    ...(strideIn === undefined ? {} : { strideIn }),
  })
  const size = flags.size ?? network.size
  const { engine, version, note } = await openEngine(flags.engine)
  if (note !== undefined) progressLine(flags.json).line(note)
  const found = await benchmark(
    work,
    { model: network, size, batch, engine, threads },
    { warmUp: WARM_UP, seconds: flags.seconds, least: LEAST },
  )
  const input = [batch, network.channels, size, size]
  const conditions = { work, model: name, input, engine: engine.name, version, threads }
  if (flags.json)
    return printJson({ ...conditions, machine: machine(), node: process.versions.node, ...found })
  const rate = found.multiplyAdds / found.step.best
  console.log(`${work} ${name}, batch ${batch}, ${network.channels}×${size}×${size}
${machine()}; ${engine.name} ${version}, ${threads} ${threads === 1 ? 'thread' : 'threads'}; Node ${process.versions.node}

images/s       ${both(found.imagesPerSecond, perSecond)} of ${found.steps} steps
step           ${both(found.step, milliseconds)}
multiply-adds  ${multiplyAdds(found.multiplyAdds)} per step: ${multiplyAdds(rate)}/s, ${percent(found.shareOfPeak)} of the ${multiplyAdds(found.peak)}/s of matrix products
compile        ${found.compile.toFixed(2)} s; first step done ${found.firstStep.toFixed(2)} s after the command began
peak memory    ${count(Math.round(found.peakMemory / 2 ** 20))} MiB`)
}

export const benchCommand = (): Command =>
  withJson(
    withEngine(withModelOptions(new Command('bench')))
      .description('measure how fast a network trains or answers here')
      .addArgument(new Argument('<work>', 'what to measure').choices(['train', 'infer']))
      .argument('<model>', 'such as se-resnet50')
      .option('--batch <n>', 'images per step', whole('--batch'), 8)
      .option('--size <pixels>', "height and width (default: the network's own)", whole('--size'))
      .addOption(
        new Option('--threads <n>', 'threads')
          .argParser(threadCount)
          .default(availableParallelism(), 'one per core'),
      )
      .option('--seconds <n>', 'seconds to measure, but at least five steps', seconds, 5),
  )
    .addHelpText('after', HELP)
    .action(run)
