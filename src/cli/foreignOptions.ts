/** The options that say how a model which somebody else exported is run on images. */

import { type Command, Option } from 'commander'
import { UsageError } from '../errors/index.ts'
import { whole } from './dataOptions.ts'

/** Of models from elsewhere alone. */
export interface ForeignOnly {
  readonly trustModel?: boolean
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
  readonly order?: 'RGB' | 'BGR'
  readonly range?: 1 | 255
  readonly input?: string
  readonly feed?: ReadonlyMap<string, readonly number[]>
}

export const FOREIGN_ONLY = [
  'trustModel',
  'mean',
  'std',
  'order',
  'range',
  'input',
  'feed',
] as const

export interface ForeignLimits {
  readonly timeLimit: number
  readonly memoryLimit: number
}

const numbers =
  (flag: string, least: number) =>
  (text: string): number[] => {
    const values = text.split(',').map(Number)
    if (values.every(value => Number.isFinite(value) && value > least)) return values
    const bound = least === 0 ? ' above 0' : ''
    throw new UsageError({
      where: flag,
      expected: `numbers${bound}, such as 0.5,0.5,0.5`,
      got: text,
    })
  }

/** `NAME=1,2`, once for each input; a name may have = in it, numbers have none. */
const feed = (
  text: string,
  before: ReadonlyMap<string, readonly number[]> = new Map(),
): ReadonlyMap<string, readonly number[]> => {
  const at = text.lastIndexOf('=')
  const [name, list] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  const values = list.split(',').map(Number)
  if (name === '' || list.trim() === '' || !values.every(Number.isFinite))
    throw new UsageError({
      where: '--feed',
      expected: 'a name and numbers, such as im_shape=640,640',
      got: text,
    })
  return new Map([...before, [name, values]])
}

export const withForeignOptions = (command: Command): Command =>
  command
    .optionsGroup('Of an .onnx file:')
    .option('--trust-model', 'run it on images, in a process of its own')
    .option(
      '--mean <x,…>',
      "of each channel, taken off (default: the file's, or ImageNet's)",
      numbers('--mean', Number.NEGATIVE_INFINITY),
    )
    .option(
      '--std <x,…>',
      "of each channel, divided by (default: the file's, or ImageNet's)",
      numbers('--std', 0),
    )
    .addOption(
      new Option('--order <colors>', 'of the channels (default: RGB)').choices(['RGB', 'BGR']),
    )
    .addOption(
      new Option('--range <white>', 'pixels go from 0 to 1 or 255 (default: 1)')
        .choices(['1', '255'])
        .argParser((text): 1 | 255 => {
          if (text === '1' || text === '255') return text === '1' ? 1 : 255
          throw new UsageError({ where: '--range', expected: '1 or 255', got: text })
        }),
    )
    .option('--input <name>', 'that takes the images, of a model to which several might go')
    .option('--feed <name=x,…>', 'for another input, once for each; one number fills it', feed)
    .option('--time-limit <s>', 'to open it, and for each batch', whole('--time-limit'), 60)
    .option('--memory-limit <GB>', 'for its process', whole('--memory-limit'), 8)
    .optionsGroup('Options:')

/** Why a model from elsewhere is not run unasked. */
export const TRUST_HINT =
  'Running it hands the file to native code that was not made for hostile models. It runs in a process of its own, whose crash is contained, but which may do what you may: add --trust-model where you know who made it'
