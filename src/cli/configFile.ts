/** `--config FILE`: options from YAML or JSON, such as a run's own `config.json`; options on the line win. */

import type { Command, Option } from 'commander'
import { ExciteError, UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { flagOf, keyOf } from './flags.ts'

type Fields = Readonly<Record<string, unknown>>

/** More than any configuration takes. */
const LARGEST = 1e6

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields of a run's `config.json` that follow from the others. */
const DERIVED = ['task', 'normalization']

const read = async (file: string): Promise<Fields> => {
  const { readText } = await import('../platform/node/files.ts')
  const { parseDocument } = await import('yaml')
  const { current } = await import('../weights/oldFields.ts')
  const text = await readText(file, LARGEST).catch((cause: unknown) => {
    const expected = 'a YAML or JSON file of options'
    const got = cause instanceof ExciteError ? cause.got : 'no such file'
    throw new UsageError({ where: file, expected, got }, { cause })
  })
  const document = parseDocument(text)
  const [error] = document.errors
  const value: unknown = error === undefined ? current(document.toJS()) : undefined
  if (isRecord(value)) return value
  throw new UsageError({
    where: file,
    expected: 'a YAML or JSON record of options, such as epochs: 20',
    got: error === undefined ? 'something else' : error.message.split('\n')[0].replace(/:$/, ''),
  })
}

/** A run's record as options: variations by themselves, samples as they are typed. */
const optionsIn = ({ variations, samples, ...rest }: Fields): Fields => ({
  ...rest,
  ...(isRecord(variations) ? variations : {}),
  ...(isRecord(samples) ? { samples: [samples.train, samples.test] } : samples ? { samples } : {}),
})

/** What a value of the file is to an option. */
const meaningOf = (option: Option, value: unknown): unknown => {
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return value
    throw new UsageError({ where: '', expected: 'true or false', got: JSON.stringify(value) })
  }
  // A whole recipe, as a run has it, is changed by the options beside it.
  if (option.attributeName() === 'recipe' && isRecord(value)) return value
  if (isRecord(value) || typeof value === 'boolean')
    throw new UsageError({ where: '', expected: 'a text or number', got: JSON.stringify(value) })
  const text = Array.isArray(value) ? value.join(',') : String(value)
  return option.parseArg ? option.parseArg(text, undefined) : text
}

const unknownKey = (file: string, key: string, command: Command): UsageError =>
  new UsageError({
    where: `${file}: ${key}`,
    expected: `an option of excite ${command.name()}`,
    got: 'none of that name',
    hint: suggestion(
      key,
      command.options.map(option => option.attributeName()),
    ),
  })

const setOption = (command: Command, option: Option, value: unknown, file: string): void => {
  const name = option.attributeName()
  if (command.getOptionValueSource(name) === 'cli') return
  try {
    command.setOptionValueWithSource(name, meaningOf(option, value), 'config')
  } catch (cause) {
    const where = `${file}: ${name}`
    if (cause instanceof ExciteError)
      throw new UsageError({ where, expected: cause.expected, got: cause.got, hint: cause.hint })
    const expected = `one of ${option.argChoices?.join(', ')}`
    throw new UsageError({ where, expected, got: String(value) }, { cause })
  }
}

const apply = async (command: Command): Promise<void> => {
  const file = command.opts<{ config?: string }>().config
  if (file === undefined) return
  for (const [key, value] of Object.entries(optionsIn(await read(file)))) {
    if (value === null || value === undefined || DERIVED.includes(key)) continue
    const name = keyOf(flagOf(key))
    const option = command.options.find(
      one => !one.negate && one.attributeName() === name && name !== 'config',
    )
    if (option !== undefined) setOption(command, option, value, file)
    else if (key === 'model' && command.registeredArguments[0]?.name() === key)
      command.processedArgs[0] ??= String(value)
    else throw unknownKey(file, key, command)
  }
}

/** Options that a file may give, for a command with many; the first of its hooks. */
export const withConfig = (command: Command): Command =>
  command
    .option('--config <file>', 'options from a YAML or JSON file, such as config.json of a run')
    .hook('preAction', (_, command) => apply(command))
