/** The options that say how a network differs from its name. */

import { type Command, InvalidArgumentError, Option } from 'commander'

export interface ModelFlags {
  readonly attention?: string
  readonly strideIn?: '1x1' | '3x3'
}

export const withStrideIn = (command: Command): Command =>
  command.addOption(
    new Option(
      '--stride-in <where>',
      'of bottlenecks: 1x1 (v1) or 3x3 (v1.5, the default)',
    ).choices(['1x1', '3x3']),
  )

/** Variations that only a summary takes: a training cannot yet be told them. */
export interface VariationFlags {
  readonly stem?: 'imagenet' | 'deep' | 'cifar'
  readonly pooling?: 'padded' | 'ceil'
  readonly halved?: boolean
  readonly shortcutKernel?: 1 | 3
}

export const withVariations = (command: Command): Command =>
  command
    .addOption(
      new Option('--stem <kind>', 'a 7x7, three 3x3 or one 3x3').choices([
        'imagenet',
        'deep',
        'cifar',
      ]),
    )
    .addOption(new Option('--pooling <how>', "the stem's borders").choices(['padded', 'ceil']))
    .option('--halved', 'bottlenecks: the first 1x1 half as wide')
    .addOption(
      new Option('--shortcut-kernel <size>', 'of projections that stride: 1 or 3').argParser(
        (text): 1 | 3 => {
          if (text !== '1' && text !== '3') throw new InvalidArgumentError('Allowed are 1 and 3.')
          return text === '1' ? 1 : 3
        },
      ),
    )

export const withModelOptions = (command: Command): Command =>
  withStrideIn(
    command.option('--attention <spec>', 'in place of the one in the name, such as se:reduction=8'),
  )
