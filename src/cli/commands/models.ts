/** `excite models`: every network by name, with what it costs. */

import { Command } from 'commander'
import { UsageError } from '../../errors.ts'
import { suggestion } from '../../suggest.ts'
import { count, multiplyAdds, printJson, table, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite models                 all of them
  $ excite models resnet50        those with resnet50 in their name
  $ excite models sk --json

Multiply-adds are those of convolutions and fully connected layers, for one picture of the
network's own size; one multiply-add counts one. Any backbone takes other attention:
excite summary resnet50 --attention gct:at=standard`

const run = async (filter: string | undefined, { json = false }: { json?: boolean }) => {
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
      .argument('[part]', 'of a name'),
  )
    .addHelpText('after', HELP)
    .action(run)
