/** What the parser of the command line refuses, in the words of all other errors. */

import type { Command, CommanderError } from 'commander'
import type { Problem } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { optionNames } from './flags.ts'

/** `excite data export` */
const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()

/** The texts in quotes of the parser's message, and the choices that it lists. */
const partsOf = (message: string) => ({
  quoted: [...message.matchAll(/'([^']*)'/g)].map(([, text]) => text),
  choices: /Allowed choices are (.*)\.$/.exec(message)?.[1].split(', ') ?? [],
})

/** `--epochs` of `-e, --epochs <n>` */
const longOf = (flags: string): string =>
  flags.split(/[ ,|]+/).find(word => word.startsWith('--')) ?? flags

const unknownCommand = (command: Command, name: string): Problem => ({
  where: nameOf(command),
  expected: 'the name of a command',
  got: name,
  hint:
    suggestion(
      name,
      command.commands.map(one => one.name()),
    ) ?? `All commands: ${nameOf(command)} --help`,
})

/** The problem behind an error of the parser, met in a command. */
export const parserProblem = ({ code, message }: CommanderError, command: Command): Problem => {
  const where = nameOf(command)
  const { quoted, choices } = partsOf(message)
  const [first = '', second = ''] = quoted
  const help = `${where} --help`
  switch (code) {
    case 'commander.unknownCommand':
      return unknownCommand(command, first)
    case 'commander.unknownOption':
      return {
        where,
        expected: 'an option of this command',
        got: first,
        hint: suggestion(first, optionNames(command)) ?? `All options: ${help}`,
      }
    case 'commander.excessArguments': {
      const [, most, given] = /Expected (\d+) arguments? but got (\d+)/.exec(message) ?? []
      const pair = command.args.find(word => /^[a-z][\w-]*=/i.test(word))
      return {
        where,
        expected: `${most === '0' ? 'no' : most} ${most === '1' ? 'argument' : 'arguments'}`,
        got: `${given}: ${command.args.join(' ')}`,
        hint:
          pair === undefined
            ? `Usage: ${where} ${command.usage()}`
            : `Options are written --${pair.replace('=', ' ')}`,
      }
    }
    case 'commander.missingArgument':
      return {
        where,
        expected: `<${first}>`,
        got: 'missing',
        hint: `Usage: ${where} ${command.usage()}`,
      }
    case 'commander.optionMissingArgument':
      return {
        where: longOf(first),
        expected: `a value: ${first}`,
        got: 'missing',
        hint: command.options.find(({ flags }) => flags === first)?.description,
      }
    case 'commander.invalidArgument': {
      const [name, got] = message.startsWith('error: option')
        ? [longOf(first), second]
        : [where, first]
      return {
        where: name,
        expected: `one of ${choices.join(', ')}`,
        got,
        hint: suggestion(got, choices),
      }
    }
    default:
      return {
        where,
        expected: 'a command line that can be read',
        got: message.replace(/^error: /, ''),
      }
  }
}
