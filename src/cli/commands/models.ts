/** `excite models`: every network by name, with what it costs; or every attention. */

import { Command } from 'commander'
import { UsageError } from '../../errors/index.ts'
import { suggestion } from '../../errors/suggest.ts'
import { attentionRow, attentionText, SHARED_OPTIONS } from '../attentionHelp.ts'
import { count, multiplyAdds, printJson, table, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite models                 all of them
  $ excite models resnet50        those with resnet50 in their name
  $ excite models sk --json
  $ excite models --attention     what can be plugged into any of them, and its options

Multiply-adds are those of convolutions and fully connected layers, for one image of the
network's own size; one multiply-add counts one. "All" counts every other operation too, at one
for each element. All but MobileNetV3 and EfficientNet take other attention:
excite summary resnet50 --attention gct:at=standard

The paper's columns hold what it prints for the network; its parameters may include running
statistics. Below the table, ours beside what is printed, counted in the same way: where the
papers' network is not the default one, and where ours differ by more than rounding, with the
reason. Of multiply-adds both ends are named where a paper counts more than convolutions and fully
connected layers.`

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
  const { PUBLISHED } = await import('../../studies/published.ts')
  const papers = await import('../../studies/comparison.ts')
  const { billions, compared, differenceTexts, millions } = papers
  const { summarize } = await import('../../models/summary.ts')
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
    const { rows: _, ...counts } = summarize(model(name))
    const published = (PUBLISHED[name] ?? []).map(one => compared(name, one))
    return { name, describe, size, ...counts, published }
  })
  if (json) return printJson(rows)
  console.log(
    table(
      [
        { heading: 'name' },
        { heading: 'parameters', right: true },
        { heading: 'multiply-adds', right: true },
        { heading: 'all', right: true },
        { heading: 'paper', right: true },
        { heading: '', right: true },
        { heading: 'at', right: true },
        { heading: '' },
      ],
      rows.map(({ name, describe, size, parameters, published, ...costs }) => [
        name,
        count(parameters),
        multiplyAdds(costs.multiplyAdds),
        multiplyAdds(costs.allOperations),
        millions(published.find(({ parameters }) => parameters !== undefined)?.parameters),
        billions(published.find(({ multiplyAdds }) => multiplyAdds !== undefined)?.multiplyAdds),
        `${size}²`,
        describe,
      ]),
    ),
  )
  const notes = rows.flatMap(({ name, size, published }) =>
    published.flatMap(one => differenceTexts(name, size, one)),
  )
  if (notes.length > 0) console.log(`\nOurs, and what the papers print:\n${notes.join('\n')}`)
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
