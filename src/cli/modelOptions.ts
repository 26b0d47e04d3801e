/** The options that say how a network differs from its name. */

import { type Command, Option } from 'commander'

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

export const withModelOptions = (command: Command): Command =>
  withStrideIn(
    command.option('--attention <spec>', 'in place of the one in the name, such as se:reduction=8'),
  )
