/** `excite models`: every network by name, with what it costs; or every attention. */

import { Command } from 'commander'
import { UsageError } from '../../errors.ts'
import { suggestion } from '../../suggest.ts'
import { attentionRow, attentionText, SHARED_OPTIONS } from '../attentionHelp.ts'
import { count, multiplyAdds, printJson, table, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite models                 all of them
  $ excite models resnet50        those with resnet50 in their name
  $ excite models sk --json
  $ excite models --attention     what can be plugged into any of them, and its options

Multiply-adds are those of convolutions and fully connected layers, for one picture of the
network's own size; one multiply-add counts one. Any backbone takes other attention:
excite summary resnet50 --attention gct:at=standard`

const listAttentions = async (filter: string | undefined, json: boolean) => {
  const { attentionNames, parseAttention } = await import('../../attention/registry.ts')
  const names = attentionNames.filter(name => filter === undefined || name.includes(filter))
  if (names.length === 0)
    throw new UsageError({
      where: 'excite models --attention',
      expected: 'part of the name of an attention',
      got: String(filter),
      hint: suggestion(String(filter), attentionNames) ?? 'Run: excite models --attention',
    })
  const place = (name: string): string | undefined => {
    const { attention } = parseAttention(name)
    return attention.kind === 'recalibration' ? attention.at : undefined
  }
  if (json) return printJson(names.map(name => ({ ...attentionRow(name), at: place(name) })))
  console.log(names.map(name => attentionText(name, place(name))).join('\n\n'))
  console.log(`\n${SHARED_OPTIONS}`)
}

interface Flags {
  readonly attention?: boolean
  readonly json?: boolean
}

const run = async (filter: string | undefined, { attention = false, json = false }: Flags) => {
  if (attention) return listAttentions(filter, json)
  const { describeModel, model, modelNames } = await import('../../models/registry.ts')
  const { summarize } = await import('../../inspect/summary.ts')
  const names = modelNames.filter(name => filter === undefined || name.includes(filter))
  if (names.length === 0)
    throw new UsageError({
      where: 'excite models',
      expected: 'part of the name of a network',
      got: String(filter),
      hint: suggestion(String(filter), modelNames) ?? 'Run: excite models',
    })
  const rows = names.map(name => {
    const { describe, size } = describeModel(name)
    const { parameters, multiplyAdds: cost } = summarize(model(name))
    return { name, describe, size, parameters, multiplyAdds: cost }
  })
  if (json) return printJson(rows)
  console.log(
    table(
      [
        { heading: 'name' },
        { heading: 'parameters', right: true },
        { heading: 'multiply-adds', right: true },
        { heading: 'at', right: true },
        { heading: '' },
      ],
      rows.map(({ name, describe, size, parameters, multiplyAdds: cost }) => [
        name,
        count(parameters),
        multiplyAdds(cost),
        `${size}²`,
        describe,
      ]),
    ),
  )
}

export const modelsCommand = (): Command =>
  withJson(
    new Command('models')
      .description('list the networks, with parameters and multiply-adds')
      .argument('[part]', 'of a name')
      .option('--attention', 'list the attentions instead, with their papers and options'),
  )
    .addHelpText('after', HELP)
    .action(run)
