/** `excite train`: from a model's name and a dataset to a run folder with `model.onnx`. */

import { availableParallelism } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { Command } from 'commander'
import type { Device } from '../../engines/registry.ts'
import { UsageError } from '../../errors/index.ts'
import { variationNames } from '../../models/variations.ts'
import type { Config } from '../../train/config.ts'
import { ATTENTION_HELP } from '../attentionHelp.ts'
import {
  type DataFlags,
  dataFlagsOf,
  openSplit,
  path,
  threadCount,
  whole,
  withDataOptions,
} from '../dataOptions.ts'
import { withDevice } from '../deviceOption.ts'
import { interruptedCode, interruptible } from '../interrupt.ts'
import { flagOf, type ModelFlags, variationFlags, withModelOptions } from '../modelOptions.ts'
import { percent, printJson, withJson } from '../output.ts'
import { givenOverrides, recipeFlagOf, recipeFrom, withRecipeOptions } from '../recipeOptions.ts'

const HELP = `
Examples:
  $ excite train se-resnet20 --data fashion-mnist
  $ excite train resnet20 --attention se:reduction=8,at=pre --data shapes --epochs 5
  $ excite train se-resnet50 --data ./images --size 64 --stem cifar --dropout 0.2
  $ excite train sk-resnet20 --data cifar10 --recipe cifar --epochs 100 --batch 256
  $ excite train se-resnet50 --data ./images --resized-crop 0.35 --batch 32
  $ excite train se-resnet50 --weights best.safetensors --data ./images --freeze backbone --unfreeze-at 3
  $ excite train resnet20 --weights best.safetensors --attention gct --freeze '!gct' --unfreeze-at 5
  $ excite train --resume runs/se-resnet20-fashion-mnist

${ATTENTION_HELP}

A run is a folder: config.json, metrics.csv and .jsonl, checkpoints/, best.safetensors,
last.safetensors and model.onnx. Ctrl-C saves, and says how to go on.`

interface TrainFlags extends DataFlags, ModelFlags {
  readonly data?: string
  readonly weights?: string
  readonly freeze?: string
  readonly unfreezeAt?: number
  readonly seed?: number
  readonly device?: string
  readonly threads?: number
  readonly out?: string
  readonly resume?: string
  readonly resumeCompatible?: boolean
  readonly saveEvery: number
  readonly quiet?: boolean
  readonly json?: boolean
}

/** What a run's folder already says, and the command line must not say again. */
const FIXED = [
  'data',
  'attention',
  ...variationNames,
  'dataDir',
  'samples',
  'size',
  'cropPct',
  'valFraction',
  'badImages',
  'badLimit',
  'weights',
  'freeze',
  'unfreezeAt',
  'seed',
  'out',
] as const

/** What goes from the command line into the configuration as it is. */
const OPTIONAL = [
  'attention',
  'dataDir',
  'size',
  'cropPct',
  'valFraction',
  'badImages',
  'badLimit',
  'freeze',
  'unfreezeAt',
] as const

/** What a field of the configuration is called on the command line. */
const optionOf = (field: string): string =>
  field.startsWith('recipe.')
    ? (recipeFlagOf(field.slice('recipe.'.length)) ?? field)
    : flagOf(field.split('.')[0])

const configFrom = async (name: string, device: string, flags: TrainFlags): Promise<Config> => {
  const { checkConfig } = await import('../../train/config.ts')
  const { isFolder } = await import('../../data/registry.ts')
  const { describeModel } = await import('../../models/registry.ts')
  const own = describeModel(name).size
  const optional = Object.fromEntries(
    OPTIONAL.flatMap(key => (flags[key] === undefined ? [] : [[key, flags[key]]])),
  )
  const { data = 'shapes', seed = 0, threads = availableParallelism(), samples } = flags
  return checkConfig(
    {
      model: name,
      ...(isFolder(data) ? { size: own } : {}),
      ...optional,
      ...variationFlags(flags),
      ...(flags.weights === undefined ? {} : { weights: resolve(flags.weights) }),
      data: isFolder(data) ? resolve(data) : data,
      ...(samples === undefined ? {} : { samples: { train: samples[0], test: samples[1] } }),
      seed,
      device,
      threads,
      recipe: recipeFrom({ ...flags }),
    },
    'command line',
    optionOf,
  )
}

const resumedConfig = async (
  folder: string,
  name: string | undefined,
  flags: TrainFlags,
): Promise<Config> => {
  const { readRun } = await import('../../runs/runFolder.ts')
  const given = [
    ...(name === undefined ? [] : [name]),
    ...FIXED.filter(key => flags[key] !== undefined).map(flagOf),
    ...givenOverrides({ ...flags }),
  ]
  if (given.length > 0)
    throw new UsageError({
      where: '--resume',
      expected: `nothing that ${join(folder, 'config.json')} already says`,
      got: given.join(' '),
      hint: 'Leave it out, or begin another run',
    })
  const { device, threads } = flags
  return {
    ...(await readRun(folder)),
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  }
}

const run = async (name: string | undefined, flags: TrainFlags): Promise<void> => {
  const { resume, quiet = false, json = false } = flags
  if (resume === undefined && flags.resumeCompatible)
    throw new UsageError({
      where: '--resume-compatible',
      expected: 'the run to go on with',
      got: 'none',
      hint: 'Such as: excite train --resume runs/se-resnet20-shapes --resume-compatible',
    })
  if (resume === undefined && name === undefined)
    throw new UsageError({
      where: 'excite train',
      expected: 'the name of a model',
      got: 'none',
      hint: 'Such as: excite train se-resnet20 --data fashion-mnist; all names: excite models',
    })
  const { openDevice } = await import('../../engines/registry.ts')
  const chosen = resume === undefined ? await openDevice(flags.device) : undefined
  const config =
    resume === undefined
      ? await configFrom(name as string, (chosen as Device).name, flags)
      : await resumedConfig(resume, name, flags)
  const places: DataFlags = {
    ...dataFlagsOf(config),
    ...(flags.cacheDir === undefined ? {} : { cacheDir: flags.cacheDir }),
    ...(flags.workers === undefined ? {} : { workers: flags.workers }),
  }
  const train = await openSplit(config.data, 'train', places, quiet)
  const test = await openSplit(config.data, 'test', places, quiet)
  const { freeFolder } = await import('../../runs/runFolder.ts')
  const folder =
    resume ?? flags.out ?? freeFolder(join('runs', `${config.model}-${basename(config.data)}`))
  const { startLines, trainDisplay } = await import('../trainDisplay.ts')
  const { launch } = await import('../../runs/launch.ts')
  const display = trainDisplay(quiet)
  if (chosen?.note !== undefined) display.line(chosen.note)
  const result = await interruptible(
    signal =>
      launch({
        config,
        folder,
        train,
        test,
        signal,
        saveEvery: flags.saveEvery,
        resume: resume === undefined ? undefined : flags.resumeCompatible ? 'compatible' : 'exact',
        onStart: started => startLines(started, { train, test, folder }).forEach(display.line),
        onStep: display.step,
        onEpoch: display.epoch,
        onWarning: display.line,
      }),
    () => display.line('saving after this step; Ctrl-C again to leave at once'),
  )
  display.clear()
  const { folder: _, ...found } = result
  if (json) printJson({ run: folder, ...found })
  if (!result.finished) {
    process.exitCode = interruptedCode()
    display.line(`saved; to go on: excite train --resume ${folder}`)
    return
  }
  const { best } = result
  if (json || best === undefined) return
  console.log(`best: ${percent(best.testTop1)} of the test images, after epoch ${best.epoch}
${folder}/model.onnx runs in any ONNX Runtime; its classes and preprocessing are in its metadata
next: excite predict ${folder} --data ${config.data} --index 0,1,2
      excite predict ${folder} IMAGE.png`)
}

export const trainCommand = (): Command => {
  const command = new Command('train')
    .description('train a network')
    .argument('[model]', 'such as se-resnet20; excite models lists all')
    .option(
      '--data <name>',
      'shapes (the default), fashion-mnist, mnist, cifar10, cifar100, or a folder of images',
    )
    .option(
      '--seed <n>',
      'decides first weights, order and augmentation (default: 0)',
      whole('--seed', 0),
    )
    .option('--weights <file>', 'begin with these, such as best.safetensors of another run')
    .option(
      '--freeze <pattern,…>',
      "parameters that stay as they are: backbone, layer1, … or all but: '!gct'",
    )
    .option('--unfreeze-at <epoch>', 'train them too from this epoch on', whole('--unfreeze-at', 2))
    .option('--out <folder>', 'the run (default: runs/MODEL-DATA)', path('--out'))
    .option('--resume <folder>', 'go on with a run from its newest checkpoint, bit for bit')
    .option('--resume-compatible', 'go on even where bits may differ: other threads, other device')
    .option('--save-every <seconds>', 'checkpoint at least so often', whole('--save-every'), 300)
    .option('--threads <n>', 'to compute with (default: one a core)', threadCount)
  withDevice(command)
  withModelOptions(command)
  withDataOptions(command)
  withRecipeOptions(command)
  return withJson(command).option('--quiet', 'no progress').addHelpText('after', HELP).action(run)
}
