/** `excite completion`: what a shell completes, generated from the commands themselves. */

import { Argument, Command } from 'commander'
import { DATASETS } from '../../data/registry.ts'
import { modelNames } from '../../models/registry.ts'
import { recipeNames } from '../../train/recipes.ts'
import { type Completed, SHELLS, type Shell } from '../shells.ts'

const HELP = `
Examples:
  $ eval "$(excite completion bash)"                               in ~/.bashrc
  $ source <(excite completion zsh)                                in ~/.zshrc, after compinit
  $ excite completion fish > ~/.config/fish/completions/excite.fish`

/** Values that are known where an option does not list them. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--recipe': recipeNames,
  '--data': Object.keys(DATASETS),
  '--engine': ['onednn', 'onnxruntime'],
  '--device': ['cpu'],
  '--split': ['train', 'validation', 'test', 'all'],
}
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  model: modelNames,
  name: Object.keys(DATASETS),
}

const completed = (command: Command, above = ''): readonly Completed[] => {
  const name = `${above}${command.name()}`
  const helper = command.createHelp()
  const one: Completed = {
    name,
    does: command.description(),
    options: helper.visibleOptions(command).flatMap(({ long, description, argChoices, flags }) =>
      long
        ? {
            flag: long,
            does: description,
            takesValue: flags.includes('<'),
            values: argChoices ?? VALUES[long] ?? [],
          }
        : [],
    ),
    values: command.registeredArguments.flatMap(
      argument =>
        argument.argChoices ??
        (command.name() === 'study' ? [] : (ARGUMENTS[argument.name()] ?? [])),
    ),
  }
  return [one, ...command.commands.flatMap(below => completed(below, `${name} `))]
}

/** @param load - makes all other commands */
export const completionCommand = (load: () => Promise<readonly Command[]>): Command =>
  new Command('completion')
    .addArgument(new Argument('<shell>', 'whose completion').choices(Object.keys(SHELLS)))
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => {
      const commands = (await load()).flatMap(command => completed(command))
      process.stdout.write(SHELLS[shell](commands))
    })
