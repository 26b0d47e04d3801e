/** `excite summary`: a network layer by layer. */

import { Command } from 'commander'
import { formatShape } from '../../errors.ts'
import { whole } from '../dataOptions.ts'
import { type ModelFlags, withModelOptions } from '../modelOptions.ts'
import { count, multiplyAdds, printJson, table, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite summary se-resnet50
  $ excite summary resnet50 --attention gct:at=standard --depth 2
  $ excite summary se-resnet20 --channels 1 --size 28 --json
  $ excite summary resnet50 --stem deep --pooling ceil --depth 1

Counted from the graph of one picture. Multiply-adds are those of convolutions and fully
connected layers; one multiply-add counts one. Parameters are what is learned: running
statistics are listed apart.`

interface SummaryFlags extends ModelFlags {
  readonly classes?: number
  readonly channels?: number
  readonly size?: number
  readonly depth?: number
  readonly json?: boolean
}

const run = async (name: string, flags: SummaryFlags): Promise<void> => {
  const { model } = await import('../../models/registry.ts')
  const { summarize } = await import('../../inspect/summary.ts')
  const { size, depth, json = false, ...options } = flags
  const network = model(name, options)
  const side = size ?? network.size
  const { rows, ...totals } = summarize(network, [side, side], depth)
  if (json)
    return printJson({ name, input: [network.channels, side, side], ...totals, layers: rows })
  console.log(
    table(
      [
        { heading: 'layer' },
        { heading: 'operations' },
        { heading: 'output' },
        { heading: 'parameters', right: true },
        { heading: 'multiply-adds', right: true },
      ],
      rows.map(row => [
        row.path || '(network)',
        [...new Set(row.operations)].join(' '),
        formatShape(row.output),
        count(row.parameters),
        multiplyAdds(row.multiplyAdds),
      ]),
    ),
  )
  console.log(`
${name} at ${network.channels}×${side}×${side}: ${network.describe}
parameters     ${count(totals.parameters)} (and ${count(totals.buffers)} running statistics)
multiply-adds  ${multiplyAdds(totals.multiplyAdds)} (convolutions and fully connected layers)`)
}

export const summaryCommand = (): Command =>
  withJson(
    withModelOptions(new Command('summary'))
      .description('show a network layer by layer')
      .argument('<model>', 'such as se-resnet50')
      .option('--classes <n>', 'how many', whole('--classes', 2))
      .option('--channels <n>', 'of the pictures', whole('--channels'))
      .option('--size <pixels>', "height and width (default: the network's own)", whole('--size'))
      .option('--depth <n>', 'fold layers deeper than this', whole('--depth')),
  )
    .addHelpText('after', HELP)
    .action(run)
