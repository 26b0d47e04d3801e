/** `excite study`: an ablation of the papers on the user's own backbone, data and time. */

import { availableParallelism } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { Command } from 'commander'
import { machine } from '../../bench/machine.ts'
import type { Dataset } from '../../data/dataset.ts'
import { imagesOptionsOf } from '../../data/imagesRecord.ts'
import type { AvailableEngine } from '../../engines/registry.ts'
import { UsageError } from '../../errors/index.ts'
import type { QueueAddress } from '../../machines/queue/server.ts'
import { VERSION } from '../../platform/node/version.ts'
import type { Plan } from '../../studies/plan.ts'
import type { Facts } from '../../studies/results.ts'
import { shellWord } from '../../text/shell.ts'
import { withConfig } from '../configFile.ts'
import {
  type DataFlags,
  openSplit,
  path,
  threadCount,
  whole,
  withDataOptions,
} from '../dataOptions.ts'
import { engineText, withEngine } from '../engineOption.ts'
import { interruptedCode, interruptible } from '../interrupt.ts'
import { type ModelFlags, variationFlags, withVariations } from '../modelOptions.ts'
import { commandLine, printJson, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'
import { openQueue } from '../queueOption.ts'
import { recipeOf, variedOption, withRecipeOptions } from '../recipeOptions.ts'

const HELP = `
Examples:
  $ excite study                                        the studies, with the papers' tables
  $ excite study se-reduction --dry-run                 how long it will take on this machine
  $ excite study se-reduction --model resnet8 --data shapes --epochs 10
  $ excite study versus --model resnet20 --data fashion-mnist --seeds 5 --jobs 2
  $ excite study se-reduction --variants r4,r16 --baseline r16
  $ excite study --vary lr=0.01,0.05,0.1 --model se-resnet8
  $ excite study versus --seeds 5 --print-runs > runs.txt     for a batch scheduler
  $ excite study versus --seeds 5 --queue redis://node1       runs by: excite worker redis://node1

Every variant begins with the same weights in what it shares with the others, and sees the same
batches in the same order. Each run is an ordinary run folder inside the study's; the same command
again goes on where it was stopped, and more --seeds add to what is there. Results: study.md,
report.html, results.json and figures/ in that folder, written anew after each run.

The training is --recipe short unless told; --recipe paper is that of the study's paper.`

/** The exit code of a study in which a run failed at every attempt. */
const FAILURE = 1

interface StudyFlags extends DataFlags, Omit<ModelFlags, 'attention'> {
  readonly model: string
  readonly data: string
  readonly seeds: number
  readonly vary?: string
  readonly variants?: string
  readonly baseline?: string
  readonly jobs: number
  readonly queue?: string | true
  readonly threads?: number
  readonly engine?: string
  readonly out?: string
  readonly saveEvery: number
  readonly dryRun?: boolean
  readonly printRuns?: boolean
  readonly recipe: string
  readonly quiet?: boolean
  readonly json?: boolean
}

const listStudies = async (json: boolean): Promise<void> => {
  const { STUDIES } = await import('../../studies/registry.ts')
  const { missing } = await import('../../studies/study.ts')
  const { formatStudy } = await import('../../studies/text.ts')
  const all = Object.entries(STUDIES)
  if (!json) return console.log(all.map(([name, study]) => formatStudy(name, study)).join('\n\n'))
  printJson(
    all.map(([name, { variants, ...study }]) => ({
      name,
      ...study,
      variants: variants.map(variant => ({ ...variant, missing: missing(variant) })),
    })),
  )
}

/** The study that is named, or the one that `--vary` describes. */
const studyFrom = async (name: string | undefined, { vary }: StudyFlags) => {
  const { findStudy } = await import('../../studies/registry.ts')
  const { varyStudy } = await import('../../studies/vary.ts')
  if (vary === undefined) return { name: name ?? '', study: findStudy(name ?? '') }
  if (name !== undefined)
    throw new UsageError({
      where: '--vary',
      expected: 'no study beside it, since it is one',
      got: name,
    })
  const { option, values } = variedOption(vary)
  return { name: `vary-${option}`, study: varyStudy(option, values) }
}

const planFrom = async (
  given: string | undefined,
  engine: string,
  flags: StudyFlags,
): Promise<Plan> => {
  const { planStudy } = await import('../../studies/plan.ts')
  const { imagesRecord } = await import('../../data/openImages.ts')
  const { isFolder } = await import('../../data/registry.ts')
  const { describeModel } = await import('../../models/registry.ts')
  const { model, data, seeds, jobs, baseline } = flags
  const size = flags.size ?? (isFolder(data) ? describeModel(model).size : undefined)
  const { name, study } = await studyFrom(given, flags)
  const recipe = flags.recipe === 'paper' ? study.recipe : flags.recipe
  return planStudy(
    name,
    {
      model,
      ...imagesRecord(data, { ...flags, size }),
      engine,
      seeds,
      threads: flags.threads ?? Math.max(1, Math.floor(availableParallelism() / jobs)),
      recipe: recipeOf({ ...flags, recipe }),
      ...variationFlags(flags),
      ...(baseline === undefined ? {} : { baseline }),
      ...(flags.variants === undefined ? {} : { variants: flags.variants.split(',') }),
    },
    flags.out ?? join('runs', `study-${name}-${model}-${basename(data)}`),
    study,
  )
}

interface Sets {
  readonly train: Dataset
  readonly test: Dataset
}

const factsOf = ({ train, test }: Sets, costs: Facts['costs'], engine: AvailableEngine): Facts => {
  const { name, classes, shape, labels } = train
  return {
    data: {
      name,
      classes: classes.length,
      shape,
      train: labels.length,
      test: test.labels.length,
    },
    costs,
    command: commandLine(),
    version: VERSION,
    machine: `${machine()}, ${engineText(engine)}`,
  }
}

const dryRun = async (
  plan: Plan,
  flags: StudyFlags,
  sets: Sets,
  engine: AvailableEngine,
): Promise<void> => {
  const { forecast } = await import('../../studies/forecast.ts')
  const { measurePace } = await import('../../runs/pace.ts')
  const { formatForecast } = await import('../../studies/text.ts')
  const progress = progressLine(flags.quiet)
  const found = await forecast(plan, {
    ...sets,
    jobs: flags.jobs,
    measure: run => measurePace(run, engine.engine, sets.train, sets.test),
    onVariant: name => progress.update(`measuring ${name}`),
  })
  progress.clear()
  if (flags.json)
    printJson({ study: plan.name, runs: plan.runs.length, engine: engineText(engine), ...found })
  else console.log(`${formatForecast(found, plan)}\nmeasured with ${engineText(engine)}`)
}

/** Who trains the runs: processes of this machine, or whoever takes them out of a queue. */
const trainerOf = async (
  { saveEvery, cacheDir, jobs }: StudyFlags,
  { runs }: Plan,
  queue: QueueAddress | undefined,
  images: string | undefined,
  onNote: (text: string) => void,
) => {
  if (queue === undefined) {
    const { spawnTraining } = await import('../../studies/spawnTraining.ts')
    return { trainer: spawnTraining({ saveEvery, cacheDir }), jobs, close: async () => {} }
  }
  const { queuedTraining } = await import('../../studies/queue/queuedTraining.ts')
  const queued = await queuedTraining(queue, { saveEvery, images, onNote })
  return { ...queued, jobs: runs.length, attempts: 1 }
}

const perform = async (
  plan: Plan,
  flags: StudyFlags,
  facts: Facts,
  queue: QueueAddress | undefined,
  images: string | undefined,
): Promise<void> => {
  const { runStudy } = await import('../../studies/runner.ts')
  const { runName, summarizeStudy } = await import('../../studies/results.ts')
  const { writeStudy } = await import('../../studies/files.ts')
  const { formatResults } = await import('../../studies/text.ts')
  const { studyDisplay } = await import('../studyDisplay.ts')
  const { quiet = false, json = false } = flags
  const display = studyDisplay(plan.runs.length, quiet)
  const { trainer, close, ...how } = await trainerOf(flags, plan, queue, images, display.line)
  const going = queue === undefined ? 'save and stop' : 'go on with their workers'
  let stopped = false
  const outcomes = await interruptible(
    signal =>
      runStudy(plan, trainer, {
        ...how,
        signal,
        onBegin: queue === undefined ? display.begin : undefined,
        onLine: display.say,
        onRetry: (run, failure) => display.line(`${runName(run)} again, after: ${failure}`),
        onEnd: async (outcome, soFar) => {
          if (outcome.state === 'stopped') stopped = true
          else display.end(outcome)
          await writeStudy(plan.folder, summarizeStudy(plan, soFar, facts))
        },
      }),
    () => display.line(`the runs under way ${going}; Ctrl-C again to leave at once`),
  )
  await close()
  display.clear()
  const results = summarizeStudy(plan, outcomes, facts)
  if (json) printJson({ folder: plan.folder, ...results })
  else console.log(formatResults(results, plan.folder))
  if (stopped) {
    process.exitCode = interruptedCode()
    display.line('saved; the same command goes on')
  } else if (outcomes.some(({ state }) => state === 'failed')) process.exitCode = FAILURE
}

/** Commands for a batch scheduler: each goes on with its run, and does nothing for a finished one. */
const printRuns = async ({ runs }: Plan, { json, saveEvery }: StudyFlags): Promise<void> => {
  const { beginRun } = await import('../../studies/spawnTraining.ts')
  const commands: string[] = []
  for (const run of runs) {
    await beginRun(run)
    const words = [
      'excite',
      'train',
      '--resume',
      resolve(run.folder),
      '--save-every',
      `${saveEvery}`,
    ]
    commands.push(words.map(shellWord).join(' '))
  }
  if (json) printJson({ commands })
  else console.log(commands.join('\n'))
}

const run = async (name: string | undefined, flags: StudyFlags): Promise<void> => {
  if (name === undefined && flags.vary === undefined) return listStudies(flags.json ?? false)
  const { openEngine } = await import('../../engines/registry.ts')
  const { checkData } = await import('../../runs/trainer.ts')
  const { fitPlan } = await import('../../studies/networks.ts')
  const { checkFolder } = await import('../../studies/files.ts')
  if (flags.queue !== undefined && flags.jobs > 1)
    throw new UsageError({
      where: '--jobs',
      expected: 'no --queue beside it: as many runs go on as there are workers',
      got: `${flags.jobs}`,
    })
  const queue = flags.queue === undefined ? undefined : await openQueue(flags.queue)
  const engine = await openEngine(flags.engine)
  if (engine.note !== undefined) progressLine(flags.quiet).line(engine.note)
  const planned = await planFrom(name, engine.name, flags)
  if (!flags.dryRun) await checkFolder(planned.folder, planned.name)
  // Opened here, so that a download happens once, and what does not fit is said before any run.
  const { cacheDir, workers, quiet } = flags
  const images = { ...imagesOptionsOf(planned.runs[0].config), cacheDir, workers }
  const sets = {
    train: await openSplit(flags.data, 'train', images, quiet),
    test: await openSplit(flags.data, 'validation', images, quiet),
  }
  checkData({ config: planned.runs[0].config, train: sets.train, validation: sets.test })
  const { plan, costs } = fitPlan(planned, sets.train)
  if (flags.dryRun) return dryRun(plan, flags, sets, engine)
  if (flags.printRuns) return printRuns(plan, flags)
  return perform(plan, flags, factsOf(sets, costs, engine), queue, sets.train.fingerprint)
}

export const studyCommand = (): Command => {
  const command = withConfig(new Command('study'))
    .description('run an ablation of the papers, over seeds')
    .argument('[name]', 'of the study; without, all are listed')
    .option('--model <name>', 'a backbone without attention', 'resnet8')
    .option('--data <name>', 'as for excite train', 'shapes')
    .option('--seeds <n>', 'runs of each variant: seeds 0, 1, …', whole('--seeds'), 3)
    .option('--vary <option=x,…>', 'in place of a study: values of any option of the recipe')
    .option('--variants <id,…>', 'only these, and the baseline')
    .option('--baseline <id>', 'what the others are compared with')
    .option('--jobs <n>', 'runs at a time, each a process', whole('--jobs'), 1)
    .option('--queue [url]', 'runs by excite worker, from a Redis server (default: EXCITE_QUEUE)')
    .option('--threads <n>', 'of a run (default: cores shared out to jobs)', threadCount)
    .option('--out <folder>', 'of the study (default: runs/study-NAME-MODEL-DATA)', path('--out'))
    .option('--save-every <seconds>', 'checkpoint at least so often', whole('--save-every'), 300)
    .option(
      '--print-runs',
      'make the run folders, and print one command per run instead of training',
    )
    .option('--dry-run', 'measure a few steps, and say how long it will take')
  withEngine(command)
  withVariations(command)
  withDataOptions(command)
  withRecipeOptions(command, 'short')
  return withJson(command).option('--quiet', 'no progress').addHelpText('after', HELP).action(run)
}
