/** `excite devices`: which engines are here, and how to get those that are not. */

import { Command } from 'commander'
import { ENGINES, engineNames, openEngine } from '../../engines/registry.ts'
import { EngineError } from '../../errors.ts'
import { printJson, table, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite devices
  $ excite train se-resnet20 --engine onednn      computes with one of them`

interface Found {
  readonly name: string
  readonly describe: string
  /** Absent where the engine is missing. */
  readonly version?: string
  readonly missing?: string
  readonly install: string
}

const find = async (name: keyof typeof ENGINES): Promise<Found> => {
  const { describe, install } = ENGINES[name]
  try {
    return { name, describe, install, version: await (await openEngine(name)).version() }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return { name, describe, install, missing: error.got }
  }
}

const run = async ({ json = false }: { json?: boolean }): Promise<void> => {
  const found: Found[] = []
  for (const name of engineNames) found.push(await find(name))
  if (json) return printJson(found)
  console.log(
    table(
      [{ heading: 'engine' }, { heading: 'version' }, { heading: '' }],
      found.map(({ name, version = 'missing', describe }) => [name, version, describe]),
    ),
  )
  for (const { name, missing, install } of found)
    if (missing !== undefined) console.log(`${name} is missing (${missing}); to get it: ${install}`)
}

export const devicesCommand = (): Command =>
  withJson(new Command('devices').description('list the engines that compute, and what is missing'))
    .addHelpText('after', HELP)
    .action(run)
