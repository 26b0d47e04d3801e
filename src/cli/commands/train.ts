/** `excite train`: from a model's name and a dataset to a run folder with `model.onnx`. */

import { basename, join } from 'node:path'
import { Command } from 'commander'
import { IMAGES_FIELDS, imagesOptionsOf } from '../../data/imagesRecord.ts'
import type { AvailableEngine } from '../../engines/registry.ts'
import { UsageError } from '../../errors/index.ts'
import { variationNames } from '../../models/variations.ts'
import type { FirstWeights } from '../../runs/firstWeights.ts'
import { shellWord } from '../../text/shell.ts'
import type { Config } from '../../train/config.ts'
import { ATTENTION_HELP } from '../attentionHelp.ts'
import { withConfig } from '../configFile.ts'
import {
  type DataFlags,
  openData,
  path,
  threadCount,
  whole,
  withDataOptions,
} from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
import { textInOptions } from '../fieldFlags.ts'
import { flagOf } from '../flags.ts'
import { reportLines } from '../folderReport.ts'
import { withHub } from '../hubOption.ts'
import { interruptedCode, interruptible } from '../interrupt.ts'
import { type ModelFlags, variationFlags, withModelOptions } from '../modelOptions.ts'
import { printJson, withJson } from '../output.ts'
import { joinRanks, speaks } from '../ranks.ts'
import { withRecipeOptions } from '../recipeOptions.ts'

const HELP = `
Examples:
  $ excite train --data ./images                                    all else is chosen, and said
  $ excite train se-resnet20 --data fashion-mnist
  $ excite train resnet20 --attention se:reduction=8,at=pre --data shapes --epochs 5
  $ excite train se-resnet50 --data ./images --size 64 --stem cifar --dropout 0.2
  $ excite train sk-resnet20 --data cifar10 --recipe cifar --epochs 100 --batch 256
  $ excite train se-resnet50 --data ./images --resized-crop 0.35 --batch 32
  $ excite train --data ./images --weights timm/seresnet50.a1_in1k   from public weights
  $ excite train se-resnet50 --weights best.safetensors --data ./images --freeze backbone --unfreeze-at 3
  $ excite train resnet20 --weights best.safetensors --attention gct --freeze '!gct' --unfreeze-at 5
  $ excite train --resume runs/se-resnet20-fashion-mnist
  $ excite train --resume runs/se-resnet20-fashion-mnist --epochs 20     finished or not

${ATTENTION_HELP}

A run is a folder: config.json, metrics.csv and .jsonl, steps.jsonl, checkpoints/, best.safetensors,
last.safetensors and model.onnx. Ctrl-C saves, and says how to resume.`

export interface TrainFlags extends DataFlags, ModelFlags {
  readonly data?: string
  readonly weights?: string
  readonly offline?: boolean
  readonly freeze?: string
  readonly unfreezeAt?: number
  readonly seed?: number
  readonly engine?: string
  readonly threads?: number
  readonly out?: string
  readonly resume?: string
  readonly resumeCompatible?: boolean
  readonly recipe?: string
  readonly epochs?: string
  readonly saveEvery: number
  readonly tensorboard?: boolean
  readonly quiet?: boolean
  readonly json?: boolean
}

/** What a run's folder already says, and the command line must not say again. */
const FIXED = [
  'data',
  'attention',
  ...variationNames,
  ...IMAGES_FIELDS,
  'weights',
  'freeze',
  'unfreezeAt',
  'seed',
  'out',
] as const

/** Where nothing says how to train, what fits the images is chosen. */
const isChosen = (name: string | undefined, { recipe }: TrainFlags): boolean =>
  recipe === 'auto' || (name === undefined && recipe === undefined)

/** What is trained, and how it was come by. */
interface Decided {
  readonly config: Config
  readonly engine?: AvailableEngine
  readonly firstWeights?: FirstWeights | undefined
  /** Where something was chosen, why. */
  readonly reasons?: readonly string[] | undefined
}

/** The configuration of a new training: by a name, or chosen for the images. */
export const configFrom = async (name: string | undefined, flags: TrainFlags): Promise<Decided> => {
  const { imagesRecord } = await import('../../data/openImages.ts')
  const { isFolder } = await import('../../data/registry.ts')
  const { describeModel } = await import('../../models/registry.ts')
  const { newConfig } = await import('../../runs/configure.ts')
  const { chooseTraining } = await import('../../runs/suggest.ts')
  const { recipeOf } = await import('../recipeOptions.ts')
  const { readFirstWeights } = await import('../../runs/firstWeights.ts')
  const { defaultRecipe } = await import('../../train/recipes.ts')
  const { attention, weights } = flags
  const task = name === undefined ? undefined : describeModel(name, attention).task
  const { data = task === undefined ? 'shapes' : 'shapes-detection' } = flags
  const { recipe = defaultRecipe(task) } = flags
  const firstWeights =
    weights === undefined
      ? undefined
      : await withHub(flags, hub => readFirstWeights(weights, { ...hub, model: name }))
  const chosen =
    name === undefined || isChosen(name, flags)
      ? await chooseTraining(data, { ...imagesOptionsOf(flags), model: name }, firstWeights)
      : undefined
  const model = name ?? chosen?.model ?? ''
  const own = chosen?.size ?? describeModel(model, attention).size
  const found = await newConfig(
    { model, attention, ...variationFlags(flags) },
    imagesRecord(data, {
      ...flags,
      size: flags.size ?? (isFolder(data) ? own : undefined),
      cropPct: flags.cropPct ?? (isFolder(data) ? chosen?.cropPct : undefined),
    }),
    flags,
    recipeOf({ ...flags, recipe: (isChosen(name, flags) && chosen?.recipe) || recipe }),
  )
  return { ...found, firstWeights, reasons: chosen?.reasons }
}

const resumedConfig = async (folder: string, name: string | undefined, flags: TrainFlags) => {
  const { savedConfig } = await import('../../runs/configure.ts')
  const { extendRun } = await import('../../runs/extendRun.ts')
  const { givenOverrides } = await import('../recipeOptions.ts')
  const { epochs, ...others } = flags
  const given = [
    ...(name === undefined ? [] : [name]),
    ...FIXED.filter(key => flags[key] !== undefined).map(flagOf),
    ...givenOverrides({ ...others }),
  ]
  if (given.length > 0)
    throw new UsageError({
      where: '--resume',
      expected: 'nothing that the run already decides',
      got: given.join(' '),
      hint: `Drop it, or start a new run with --weights ${shellWord(join(folder, 'last.safetensors'))}`,
    })
  if (epochs !== undefined) await extendRun(folder, whole('--epochs')(epochs))
  return savedConfig(folder, flags)
}

const run = async (name: string | undefined, flags: TrainFlags): Promise<void> => {
  const communicator = await joinRanks()
  const { resume } = flags
  const quiet = flags.quiet || !speaks()
  const json = flags.json === true && speaks()
  if (resume === undefined && flags.resumeCompatible)
    throw new UsageError({
      where: '--resume-compatible',
      expected: 'the run to go on with',
      got: 'missing',
      hint: 'For example: excite train --resume runs/se-resnet20-shapes --resume-compatible',
    })
  if (resume === undefined && name === undefined && flags.data === undefined)
    throw new UsageError({
      where: 'excite train',
      expected: 'images to train on, or the name of a model',
      got: 'missing',
      hint: 'For example: excite train --data ./pictures, or excite train se-resnet20 --data fashion-mnist. All names: excite models',
    })
  const isPath = name !== undefined && (/[/\\]/.test(name) || name === '.')
  if (isPath)
    throw new UsageError({
      where: 'excite train',
      expected: 'the name of a network',
      got: `${name}, which is a folder`,
      hint: `For example: excite train --data ${shellWord(name)}`,
    })
  const found: Decided =
    resume === undefined
      ? await configFrom(name, flags)
      : { config: await resumedConfig(resume, name, flags) }
  const { engine, firstWeights } = found
  let { config, reasons } = found
  const { cacheDir, workers } = flags
  const places: DataFlags = { ...imagesOptionsOf(config), cacheDir, workers }
  const splits = await openData(config.data, places, quiet)
  const train = await splits.open('train')
  const validation = await splits.open('validation')
  const hasOwnTest = splits.hasTest && validation.split !== 'test'
  const test = hasOwnTest ? await splits.open('test') : undefined
  const report = splits.report?.()
  const { freeFolder } = await import('../../runs/runFolder.ts')
  const folder =
    resume ?? flags.out ?? freeFolder(join('runs', `${config.model}-${basename(config.data)}`))
  const { startLines, trainDisplay } = await import('../trainDisplay.ts')
  const { launch } = await import('../../runs/launch.ts')
  const { columnOf } = await import('../../train/epochRow.ts')
  const { taskOf } = await import('../../train/taskOf.ts')
  const { bestSentence } = await import('../../tasks/metricText.ts')
  const task = taskOf(config, train)
  const inOptions = await textInOptions()
  const display = trainDisplay(quiet, '', validation, task)
  if (engine?.note !== undefined) display.line(engine.note)
  const { size } = communicator
  const { batch, accumulate = 1 } = config.recipe
  if (size > 1) display.line(`${size} processes share every batch: ${batch / size} images each`)
  if (accumulate > 1)
    display.line(`${accumulate} parts make a batch: ${batch / size / accumulate} images at a time`)
  if (report) reportLines(report).forEach(display.line)
  const { linearRateNote } = await import('../../train/recipeChanges.ts')
  const rateNote = resume === undefined && linearRateNote(flags.recipe, config.recipe)
  if (rateNote) display.line(inOptions(rateNote))
  if (reasons !== undefined) {
    const { fitToMachine } = await import('../../runs/suggest.ts')
    const isFixed = flags.epochs !== undefined || !isChosen(name, flags)
    const { recipe, reasons: measured } = await fitToMachine(config, train, validation, isFixed)
    config = { ...config, recipe }
    reasons = [...reasons, ...measured]
    display.line('chosen, where no option says otherwise:')
    for (const text of reasons) display.line(`  ${text}`)
  }
  const result = await interruptible(
    signal =>
      launch({
        config,
        folder,
        task,
        train,
        validation,
        test,
        report,
        firstWeights,
        signal,
        saveEvery: flags.saveEvery,
        tensorboard: flags.tensorboard,
        resume: resume === undefined ? undefined : flags.resumeCompatible ? 'compatible' : 'exact',
        communicator,
        onStart: started =>
          startLines(started, { train, validation, folder }).forEach(display.line),
        onStep: display.step,
        onEpoch: display.epoch,
        onWarning: text => display.line(inOptions(text)),
      }),
    () => display.line('saving after this step; Ctrl-C again to leave at once'),
  )
  display.clear()
  const { folder: _, ...rest } = result
  if (json) printJson({ run: folder, chosen: reasons, ...rest })
  if (!result.finished) {
    process.exitCode = interruptedCode()
    display.line(`saved; to go on: excite train --resume ${shellWord(folder)}`)
    return
  }
  const { best, history } = result
  if (history.length < config.recipe.epochs)
    display.line(`stopped early: nothing better in ${config.recipe.stopAfter} epochs`)
  if (json || best === undefined || !speaks()) return
  const tested =
    result.test &&
    `test: ${bestSentence(result.test.metrics[task.best.metric], task.best, result.test.images, 'test images')}, which decided nothing`
  console.log(`best: ${bestSentence(best[columnOf('test', task.best.metric)], task.best, validation.labels.length, `${validation.split} images`)}, after epoch ${best.epoch}${tested ? `\n${tested}` : ''}
${folder}/model.onnx runs in any ONNX Runtime; its classes and preprocessing are in its metadata
next: excite predict ${shellWord(folder)} --data ${shellWord(config.data)} --index 0,1,2
      excite predict ${shellWord(folder)} IMAGE.png`)
}

export const trainCommand = (): Command => {
  const command = withConfig(
    new Command('train')
      .argument('[model]', 'a network, such as se-resnet20 (all: excite models)')
      .optionsGroup('Run:'),
  )
    .option('--out <folder>', 'the run (default: runs/MODEL-DATA)', path('--out'))
    .option('--resume <folder>', 'go on with a run from its newest checkpoint, bit for bit')
    .option('--resume-compatible', 'resume even where bits may differ: other threads or engine')
    .option('--save-every <seconds>', 'checkpoint at least this often', whole('--save-every'), 300)
    .option('--tensorboard', 'an event file of TensorBoard in the run')
    .option('--threads <n>', 'threads to compute with (default: one per core)', threadCount)
    .option(
      '--seed <n>',
      'decides first weights, order, augmentation (default: 0)',
      whole('--seed', 0),
    )
  withEngine(command)
  withJson(command)
    .option('--quiet', 'no progress')
    .optionsGroup('Fine-tuning:')
    .option(
      '--weights <from>',
      'start from a run, a .safetensors or .pth file, or owner/name of the hub',
    )
    .option('--offline', 'of the hub: only what was fetched before')
    .option('--freeze <pattern,…>', "freeze parameters: backbone, layer1, … or all but: '!gct'")
    .option('--unfreeze-at <epoch>', 'train them too from this epoch on', whole('--unfreeze-at', 2))
  withModelOptions(command)
  command
    .optionsGroup('Data:')
    .option('--data <name>', 'a dataset (excite data lists them), or a folder (default: shapes)')
  withDataOptions(command)
  withRecipeOptions(command)
  return command.addHelpText('after', HELP).action(run)
}
