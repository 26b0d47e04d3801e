/** The options that say how a network differs from its name. */

import { type Command, Option } from 'commander'
import { UsageError } from '../errors/index.ts'
import {
  VARIATIONS,
  type VariationName,
  type Variations,
  variationNames,
  variationsIn,
} from '../models/variations.ts'
import { flagOf } from './flags.ts'

export interface ModelFlags extends Variations {
  readonly attention?: string
}

/** A variation's values, and what they do. */
const DESCRIBED: Readonly<Record<VariationName, readonly [values: string, does: string]>> = {
  strideIn: ['1x1|3x3', 'where bottlenecks stride: v1, or v1.5 (default: 3x3)'],
  stem: ['imagenet|deep|cifar', 'a 7x7 of stride 2, three 3x3, or one 3x3 without stride'],
  pooling: ['padded|ceil', "how the stem's max pooling treats the border; ceil is Caffe's"],
  halfBottleneck: ['', 'bottlenecks: the first 1x1 half as wide'],
  shortcutKernel: ['1|3', 'the kernel of projections that stride'],
  shortcut: ['pad|projection', "shortcuts of CIFAR's ResNets where shapes differ"],
  norm: ['batch|layer|instance|group|lrn', 'what normalizes a residual network (default: batch)'],
  dropout: ['rate', 'dropout before the classifier'],
  frozenNorm: ['', 'detectors: statistics of a pretrained backbone stay as they are'],
  pyramid: ['32|64|128|256', 'detectors: channels of the feature pyramid (default: 256)'],
  proposals: ['100|300|1000', 'detectors: proposals of an image (default: 1000)'],
  anchors: ['8|16|32', 'detectors: side of the smallest anchors, in pixels (default: 32)'],
}

export const withVariations = (command: Command): Command => {
  command.optionsGroup('Network:')
  for (const name of variationNames) {
    const [values, does] = DESCRIBED[name]
    const flag = flagOf(name)
    if (values === '') {
      command.option(flag, does).option(flag.replace('--', '--no-'), `without ${flag.slice(2)}`)
      continue
    }
    const { read, expected } = VARIATIONS[name]
    command.addOption(
      new Option(`${flag} <${values}>`, does).argParser(text => {
        const value = read(text)
        if (value === undefined)
          throw new UsageError({ where: flag, expected: `a value ${expected}`, got: text })
        return value
      }),
    )
  }
  return command.optionsGroup('Options:')
}

export const withModelOptions = (command: Command): Command =>
  withVariations(
    command
      .optionsGroup('Network:')
      .option('--attention <spec>', "attention in place of the name's, such as se:reduction=8"),
  )

/** The variations among a command's flags, as a configuration holds them: none are left out. */
export const variationFlags = (flags: object): { variations?: Variations } => {
  const variations = variationsIn(flags)
  return Object.keys(variations).length === 0 ? {} : { variations }
}
