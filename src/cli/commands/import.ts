/** `excite import`: weights from elsewhere as a trained network. */

import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command, Option } from 'commander'
import { UsageError } from '../../errors/index.ts'
import { PREPROCESSING, type PreprocessingName } from '../../weights/names/preprocessing.ts'
import { path, share, whole } from '../dataOptions.ts'
import { withHub } from '../hubOption.ts'
import { type ModelFlags, variationFlags, withModelOptions } from '../modelOptions.ts'
import { printJson, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite import resnet50-0676ba61.pth --model resnet50
  $ excite import checkpoint.pth.tar --model gct-resnet50 --out gct.safetensors
  $ excite import senet.pth --model resnet50 --attention se --stride-in 1x1 --pooling ceil
  $ excite import --from-hub timm/seresnet50.a1_in1k
  $ excite predict runs/se-resnet50-imported dog.jpg

Reads safetensors and PyTorch checkpoints (nothing in them is executed), and knows the names of
torchvision, timm, pretrainedmodels, senet.pytorch, mmpretrain, transformers and the authors of GCT,
ECA, FcaNet, SRM, BAM, CBAM and SimAM, and where their networks stride and how they pool; options of
yours go first. Every tensor must fit; what does not is listed. Without --model the network is the one
that the file names, or that alone has such tensors. An index.json is read with its shards. Files of the hub are kept in EXCITE_CACHE;
HF_ENDPOINT names a mirror, HF_TOKEN opens gated repositories.`

interface ImportFlags extends ModelFlags {
  readonly model?: string
  readonly ema?: boolean
  readonly fromHub?: string
  readonly offline?: boolean
  readonly out?: string
  readonly classes?: string
  readonly preprocessing?: PreprocessingName
  readonly size?: number
  readonly cropPct?: number
  readonly quiet?: boolean
  readonly json?: boolean
}

const readClasses = async (path: string): Promise<readonly string[]> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(
      { where: '--classes', expected: 'a text file, one class a line', got: path },
      { cause },
    )
  })
  return text.trim().split(/\r?\n/)
}

const localFile = (file: string | undefined): string => {
  const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })
  if (file !== undefined && found?.isFile()) return file
  throw new UsageError({
    where: file ?? 'excite import',
    expected: 'a file of weights, or --from-hub',
    got: file === undefined ? 'missing' : found?.isDirectory() ? 'a folder' : 'no such file',
  })
}

const targetOf = async (out: string | undefined, model: string): Promise<string> => {
  const { freeFolder, RUN_FILES } = await import('../../runs/runFolder.ts')
  if (out?.endsWith('.safetensors')) return out
  const file = join(out ?? freeFolder(join('runs', `${model}-imported`)), RUN_FILES.best)
  if (statSync(file, { throwIfNoEntry: false }))
    throw new UsageError({
      where: '--out',
      expected: 'a folder without a trained network',
      got: `${file}, which is one`,
    })
  return file
}

const run = async (given: string | undefined, flags: ImportFlags): Promise<void> => {
  const { importFile } = await import('../../weights/importFile.ts')
  const { writeTrained } = await import('../../weights/trained.ts')
  const { writeFileAtomic } = await import('../../platform/node/files.ts')
  const { fromHub: repository, json = false } = flags
  if (given !== undefined && repository !== undefined)
    throw new UsageError({
      where: 'excite import',
      expected: 'a file or --from-hub',
      got: 'both',
    })
  const { hubModel } = await import('../../weights/hubModel.ts')
  const hub =
    repository === undefined
      ? undefined
      : await withHub(flags, options => hubModel(repository, options))
  const path = hub?.path ?? localFile(given)
  const { variations } = variationFlags(flags)
  const { trained, naming, notes } = importFile(path, {
    model: flags.model,
    attention: flags.attention,
    variations: variations ?? hub?.variations,
    ema: flags.ema,
    architecture: hub?.architecture,
    classes: flags.classes === undefined ? hub?.classes : await readClasses(flags.classes),
    preprocessing: flags.preprocessing ? PREPROCESSING[flags.preprocessing] : hub?.preprocessing,
    size: flags.size ?? hub?.size,
    cropPct: flags.cropPct ?? hub?.cropPct,
    source: hub?.source ?? basename(path),
  })
  const { card, tensors } = trained
  const target = await targetOf(flags.out, card.model)
  await writeFileAtomic(target, writeTrained(trained))
  if (json) return printJson({ file: target, naming, tensors: tensors.size, notes, card })
  for (const note of notes) console.error(`note: ${note}`)
  console.log(
    `${target}: ${card.model}, ${tensors.size} tensors named as ${naming}'s, ${card.classes.length} classes`,
  )
}

export const importCommand = (): Command =>
  withJson(
    withModelOptions(
      new Command('import')
        .description('import weights from PyTorch, timm or the Hugging Face Hub')
        .argument('[file]', 'a safetensors file or a PyTorch checkpoint')
        .option('--model <name>', 'the network (default: recognized by name or tensors)')
        .option('--ema', 'the running average of the weights (default: if there is one)')
        .option('--no-ema', 'the weights without their running average')
        .option('--from-hub <repository>', 'download weights, such as timm/seresnet50.a1_in1k')
        .option('--offline', 'of the hub: only what was fetched before')
        .option(
          '--out <path>',
          'a folder or a .safetensors file (default: in runs/)',
          path('--out'),
        )
        .option('--classes <file>', 'names of the classes, one per line')
        .addOption(
          new Option(
            '--preprocessing <name>',
            'how images were prepared (default: imagenet, or what the hub says)',
          ).choices(Object.keys(PREPROCESSING)),
        )
        .option(
          '--size <n>',
          "height and width of images (default: the network's)",
          whole('--size'),
        )
        .option(
          '--crop-pct <x>',
          'the size over the shorter side that images are resized to (default: 0.875, or what the hub says)',
          share('--crop-pct'),
        )
        .option('--quiet', 'no progress'),
    ),
  )
    .addHelpText('after', HELP)
    .action(run)
