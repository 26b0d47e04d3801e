#!/usr/bin/env node
/** The command `excite`: what it can be told, and how it says that something went wrong. */

import { Command, CommanderError } from 'commander'
import { ExciteError, messageOf } from '../errors/index.ts'
import { VERSION } from '../platform/node/version.ts'
import { benchCommand } from './commands/bench.ts'
import { dataCommand } from './commands/data.ts'
import { devicesCommand } from './commands/devices.ts'
import { evalCommand } from './commands/eval.ts'
import { exportCommand } from './commands/export.ts'
import { importCommand } from './commands/import.ts'
import { inspectCommand } from './commands/inspect.ts'
import { modelsCommand } from './commands/models.ts'
import { predictCommand } from './commands/predict.ts'
import { quickstartCommand } from './commands/quickstart.ts'
import { studyCommand } from './commands/study.ts'
import { summaryCommand } from './commands/summary.ts'
import { trainCommand } from './commands/train.ts'
import { closeDatasets } from './dataOptions.ts'

const EXAMPLES = `
Examples:
  $ excite quickstart                                  a first training, in three minutes
  $ excite train se-resnet20 --data fashion-mnist      train, watch, get model.onnx
  $ excite predict runs/se-resnet20-fashion-mnist shoe.png
  $ excite summary gct-resnet50                        layers, parameters, multiply-adds
  $ excite study se-reduction --dry-run                a paper's ablation, and how long it takes

Each command explains itself: excite train --help`

const program = (): Command =>
  new Command('excite')
    .description(
      'Channel attention for TypeScript: SENet, SKNet and GCT, trained and shipped as ONNX.',
    )
    .version(VERSION)
    .addHelpText('after', EXAMPLES)
    .addCommand(trainCommand())
    .addCommand(evalCommand())
    .addCommand(predictCommand())
    .addCommand(exportCommand())
    .addCommand(inspectCommand())
    .addCommand(importCommand())
    .addCommand(modelsCommand())
    .addCommand(summaryCommand())
    .addCommand(studyCommand())
    .addCommand(benchCommand())
    .addCommand(dataCommand())
    .addCommand(devicesCommand())
    .addCommand(quickstartCommand())

/** Our own exit codes and one place to leave from, in every subcommand too. */
const prepare = (command: Command): Command => {
  command.exitOverride().configureHelp({ showGlobalOptions: false })
  command.commands.forEach(prepare)
  return command
}

const WRONG_USE = 2
const FAILURE = 1

const report = (error: unknown, json: boolean): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE
  const known = error instanceof ExciteError
  if (json) {
    const { where, expected, got, context, hint, code } = known
      ? error
      : ({} as Partial<ExciteError>)
    const message = messageOf(error)
    console.error(JSON.stringify({ error: { code, message, where, expected, got, context, hint } }))
  } else if (known) console.error(`excite: ${error.message}`)
  else
    console.error('excite: this is a fault of Excite; please report it with what follows\n', error)
  return known ? error.exitCode : FAILURE
}

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await prepare(program()).parseAsync()
} catch (error) {
  process.exitCode = report(error, process.argv.includes('--json'))
} finally {
  await closeDatasets()
}
