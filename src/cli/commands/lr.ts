/** `excite lr`: which learning rate a network can be trained with on these images. */

import { Command } from 'commander'
import { UsageError } from '../../errors/index.ts'
import type { RateTrial } from '../../train/rateFinder.ts'
import { withConfig } from '../configFile.ts'
import { path, threadCount, whole, withDataOptions } from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
import { withModelOptions } from '../modelOptions.ts'
import { printJson, table, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'
import { withRecipeOptions } from '../recipeOptions.ts'
import { configFrom, type TrainFlags } from './train.ts'

const HELP = `
Examples:
  $ excite lr se-resnet20 --data fashion-mnist
  $ excite lr resnet20 --data ./pictures --plot lr.svg
  $ excite lr resnet20 --data shapes --from 0.001 --to 3 --steps 60 --json

The rate grows from step to step; the network is thrown away afterwards. The loss first falls, then
rises again: the rate to train with is where it falls fastest, at most a tenth of where it is lowest.`

interface LrFlags extends TrainFlags {
  readonly from: number
  readonly to: number
  readonly steps: number
  readonly plot?: string
}

const rate =
  (flag: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
    throw new UsageError({ where: flag, expected: 'a number above 0', got: text })
  }

const short = (value: number): string => `${Number(value.toPrecision(2))}`

/** So many rows of the table tell the course. */
const ROWS = 12

const text = (trials: readonly RateTrial[], suggested: number | undefined): string => {
  const every = Math.max(1, Math.ceil(trials.length / ROWS))
  const rows = trials.filter((_, i) => i % every === 0 || i === trials.length - 1)
  const lines = table(
    ['rate', 'loss', 'averaged'].map(heading => ({ heading, right: true })),
    rows.map(one => [short(one.rate), one.loss.toFixed(3), one.smoothed.toFixed(3)]),
  )
  const end =
    suggested === undefined
      ? 'the loss never falls: try lower rates (--from), or look at the images with excite data'
      : `suggested: --lr ${short(suggested)}`
  return `${lines}\n${end}`
}

const writePlot = async (
  file: string,
  trials: readonly RateTrial[],
  suggested: number | undefined,
): Promise<void> => {
  const { plot } = await import('../../report/plot.ts')
  const { svgFile } = await import('../../report/svg.ts')
  const { writeFileAtomic } = await import('../../platform/node/files.ts')
  const figure = plot({
    width: 560,
    height: 300,
    x: { label: 'learning rate', log: true },
    y: { label: 'loss' },
    marks: [
      { kind: 'dots', points: trials.map(one => [one.rate, one.loss]), color: 'faint', radius: 2 },
      { kind: 'line', points: trials.map(one => [one.rate, one.smoothed]), label: 'averaged' },
      ...(suggested === undefined ? [] : [{ kind: 'rule', x: suggested } as const]),
    ],
  })
  await writeFileAtomic(file, svgFile(figure, 'Loss by learning rate'))
}

const run = async (name: string | undefined, flags: LrFlags): Promise<void> => {
  const { from, to, steps, quiet = false, json = false } = flags
  if (from >= to)
    throw new UsageError({ where: '--to', expected: `more than --from, ${from}`, got: `${to}` })
  if (name === undefined && flags.data === undefined)
    throw new UsageError({
      where: 'excite lr',
      expected: 'images to train on, or the name of a model',
      got: 'missing',
      hint: 'For example: excite lr se-resnet20 --data fashion-mnist',
    })
  const { openRateTest } = await import('../../runs/rateTest.ts')
  const { rateTrials, suggestedRate } = await import('../../train/rateFinder.ts')
  const { openSplit } = await import('../dataOptions.ts')
  const { config, engine } = await configFrom(name, flags)
  const progress = progressLine(quiet)
  if (engine?.note !== undefined) progress.line(engine.note)
  const train = await openSplit(config.data, 'train', { ...flags, ...config }, quiet)
  const test = await openRateTest(config, train, { from, to, steps })
  const trials: RateTrial[] = []
  try {
    for await (const trial of rateTrials(test)) {
      trials.push(trial)
      progress.update(
        `step ${trials.length}/${steps}  rate ${short(trial.rate)}  loss ${trial.loss.toFixed(3)}`,
      )
      // Signals and timers come in: a step blocks the event loop while it runs.
      await new Promise(resolve => setImmediate(resolve))
    }
  } finally {
    await test.session.dispose()
  }
  progress.clear()
  const suggested = suggestedRate(trials)
  if (flags.plot !== undefined) await writePlot(flags.plot, trials, suggested)
  if (json) printJson({ model: config.model, data: config.data, suggested, trials })
  else console.log(text(trials, suggested))
}

export const lrCommand = (): Command => {
  const command = withConfig(
    new Command('lr')
      .description('find a learning rate')
      .argument('[model]', 'a network, such as se-resnet20 (all: excite models)')
      .optionsGroup('Test:'),
  )
    .option('--from <rate>', 'the first rate', rate('--from'), 1e-5)
    .option('--to <rate>', 'the last rate', rate('--to'), 10)
    .option('--steps <n>', 'steps between them, both ends counted', whole('--steps', 3), 100)
    .option('--plot <file.svg>', 'write the loss by rate as a figure', path('--plot'))
    .option('--threads <n>', 'threads to compute with (default: one per core)', threadCount)
    .option('--seed <n>', 'decides first weights and order (default: 0)', whole('--seed', 0))
  withEngine(command)
  withJson(command).option('--quiet', 'no progress')
  withModelOptions(command)
  command
    .optionsGroup('Data:')
    .option('--data <name>', 'a dataset (excite data lists them), or a folder (default: shapes)')
  withDataOptions(command)
  withRecipeOptions(command)
  return command.addHelpText('after', HELP).action(run)
}
