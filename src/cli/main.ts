#!/usr/bin/env node
/** The command `excite`: which commands there are, and how it says that something went wrong. */

import { Command, CommanderError } from 'commander'
import { ExciteError, explain, messageOf, type Problem, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { VERSION } from '../platform/node/version.ts'
import { closeDatasets } from './dataOptions.ts'
import { commandOf, currentWords } from './flags.ts'
import { failRanks, leaveRanks, speaks } from './ranks.ts'

const EXAMPLES = `
Examples:
  $ excite quickstart                                  a first training, in a minute or two
  $ excite train se-resnet20 --data fashion-mnist      train, watch, get model.onnx
  $ excite predict runs/se-resnet20-fashion-mnist shoe.png
  $ excite summary gct-resnet50                        layers, parameters, multiply-adds
  $ excite study se-reduction --dry-run                a paper's ablation, and how long it takes

Environment:
  EXCITE_CACHE            folder of downloads (default: ~/.cache/excite)
  EXCITE_ONEDNN           path of oneDNN's library, if it is not found by itself
  EXCITE_QUEUE            address of the Redis server of excite worker and study --queue
  EXCITE_ORT_TELEMETRY    1 leaves ONNX Runtime's telemetry on (default: off)
  HF_ENDPOINT, HF_TOKEN   address of the Hugging Face Hub, and a token for gated repositories
  NODE_OPTIONS            --import ./mine.js registers attentions, networks and datasets of your own

Each command explains itself: excite train --help`

const completion = async (): Promise<Command> =>
  (await import('./commands/completion.ts')).completionCommand(everyCommand)

/** Each command in a line, and where it is; only the one that is asked for is loaded. */
const COMMANDS: Readonly<Record<string, readonly [does: string, load: () => Promise<Command>]>> = {
  train: ['train a network', async () => (await import('./commands/train.ts')).trainCommand()],
  eval: [
    'measure a trained network',
    async () => (await import('./commands/eval.ts')).evalCommand(),
  ],
  predict: [
    'classify images, or find objects in them',
    async () => (await import('./commands/predict.ts')).predictCommand(),
  ],
  export: [
    'write a trained network as ONNX or safetensors',
    async () => (await import('./commands/export.ts')).exportCommand(),
  ],
  inspect: [
    'look inside a network, or find the attention in an ONNX file',
    async () => (await import('./commands/inspect.ts')).inspectCommand(),
  ],
  import: [
    'import weights from PyTorch, timm or the Hugging Face Hub',
    async () => (await import('./commands/import.ts')).importCommand(),
  ],
  models: [
    'list the networks, with parameters and multiply-adds',
    async () => (await import('./commands/models.ts')).modelsCommand(),
  ],
  summary: [
    'show a network layer by layer',
    async () => (await import('./commands/summary.ts')).summaryCommand(),
  ],
  ui: [
    'show the runs of a folder in the browser, as they are trained',
    async () => (await import('./commands/ui.ts')).uiCommand(),
  ],
  study: [
    'run an ablation of the papers, over seeds',
    async () => (await import('./commands/study.ts')).studyCommand(),
  ],
  worker: [
    'train runs of studies from a queue',
    async () => (await import('./commands/worker.ts')).workerCommand(),
  ],
  lr: ['find a learning rate', async () => (await import('./commands/lr.ts')).lrCommand()],
  bench: [
    'measure how fast a network trains or answers here',
    async () => (await import('./commands/bench.ts')).benchCommand(),
  ],
  data: [
    'list, show and export datasets',
    async () => (await import('./commands/data.ts')).dataCommand(),
  ],
  devices: [
    'list the compute backends on this machine',
    async () => (await import('./commands/devices.ts')).devicesCommand(),
  ],
  quickstart: [
    'a first training: with attention and without',
    async () => (await import('./commands/quickstart.ts')).quickstartCommand(),
  ],
  completion: ['print the completion of a shell: bash, zsh or fish', completion],
}

const names = Object.keys(COMMANDS)

/** All commands, for the shell's completion. */
const everyCommand = (): Promise<Command[]> =>
  Promise.all(
    Object.values(COMMANDS)
      .filter(([, load]) => load !== completion)
      .map(async ([does, load]) => (await load()).description(does)),
  )

/** What other trainers call commands. */
const ALIASES: Readonly<Record<string, string>> = { val: 'eval' }

/** Our own exit codes, one style of error and one place to leave from, in every subcommand too. */
const prepare = (command: Command): Command => {
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ outputError: () => {} })
  command.commands.forEach(prepare)
  return command
}

/** The program with the command that is asked for; the others are names in the help. */
const program = async (wanted: string | undefined): Promise<Command> => {
  const root = new Command('excite')
    .description(
      'Channel attention for TypeScript: SENet, SKNet and GCT, trained and shipped as ONNX.',
    )
    .version(VERSION)
    .addHelpText('after', EXAMPLES)
  for (const [name, [does, load]] of Object.entries(COMMANDS))
    root.addCommand(
      name === wanted ? (await load()).description(does) : new Command(name).description(does),
    )
  for (const [alias, name] of Object.entries(ALIASES))
    root.commands.find(command => command.name() === name)?.alias(alias)
  return prepare(root)
}

const checkHelp = (words: readonly string[]): void => {
  const [help, name] = words
  if (help === 'help' && name !== undefined && !names.includes(ALIASES[name] ?? name))
    throw new UsageError({
      where: 'excite help',
      expected: 'the name of a command',
      got: name,
      hint: suggestion(name, names) ?? 'All commands: excite --help',
    })
}

const FAILURE = 1
const WRONG_USE = 2

/** What is said of a failure, as text and as data, and what the command exits with. */
const described = async (error: unknown, command: Command) => {
  const said = (problem: Problem) => ({ message: explain(problem), ...problem })
  if (error instanceof CommanderError) {
    const { parserProblem } = await import('./parserProblem.ts')
    return { code: 'usage', ...said(parserProblem(error, command)), exitCode: WRONG_USE }
  }
  if (!(error instanceof ExciteError))
    return { message: messageOf(error), code: undefined, exitCode: FAILURE }
  const { inOptions } = await import('./fieldFlags.ts')
  return { code: error.code, ...said(await inOptions(error)), exitCode: error.exitCode }
}

const report = async (error: unknown, command: Command, json: boolean): Promise<number> => {
  // Help and the version are told by an error too; help for want of a command is wrong use.
  if (error instanceof CommanderError && /help|version/.test(error.code))
    return error.exitCode === 0 ? 0 : WRONG_USE
  const { exitCode, ...found } = await described(error, command)
  if (!speaks()) return exitCode
  if (json) console.error(JSON.stringify({ error: found }))
  else if (found.code !== undefined)
    console.error(found.message.replace(/^(?!excite\b)/, 'excite: '))
  else
    console.error('excite: this is a fault of Excite; please report it with what follows\n', error)
  return exitCode
}

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const given = process.argv.slice(2)
const [first, second] = given
const wanted = first === 'help' ? second : first
const root = await program(ALIASES[wanted] ?? wanted)
const command = commandOf(root, given)

try {
  const words = currentWords(given, command, text => console.error(`excite: ${text}`))
  checkHelp(words)
  await root.parseAsync(words, { from: 'user' })
} catch (error) {
  await failRanks(error)
  process.exitCode = await report(error, command, given.includes('--json'))
} finally {
  await closeDatasets()
  await leaveRanks(Number(process.exitCode ?? 0))
}
