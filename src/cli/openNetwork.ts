/** The network that a command asks: of a run, its weights, or an ONNX file, whoever exported it. */

import { existsSync, readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { UsageError } from '../errors/index.ts'
import type { Classifier } from '../runs/classifier.ts'
import { flagOf } from './flags.ts'
import {
  FOREIGN_ONLY,
  type ForeignLimits,
  type ForeignOnly,
  TRUST_HINT,
  withForeignOptions,
} from './foreignOptions.ts'
import { isAddress, readModel } from './readModel.ts'

export interface NetworkFlags extends ForeignOnly, ForeignLimits {
  readonly classes?: readonly string[] | undefined
  readonly last?: boolean
  readonly size?: number | undefined
  readonly cropPct?: number | undefined
  readonly engine?: string
  readonly threads?: number
}

/** Class names: in a file, one per line or as JSON, or with commas between. */
const classNames = (text: string): string[] => {
  const isFile = existsSync(text)
  const content = isFile ? readFileSync(text, 'utf8').trim() : text
  const read = (): unknown => {
    if (!isFile) return content.split(',')
    return content.startsWith('[') ? JSON.parse(content) : content.split(/\r?\n/)
  }
  const found = read()
  if (Array.isArray(found) && found.every(one => typeof one === 'string' && one.trim() !== ''))
    return found.map(one => one.trim())
  throw new UsageError({
    where: '--classes',
    expected: 'names with commas between, or a file of them, one per line',
    got: text,
  })
}

/** Options for networks that somebody else exported. */
export const withNetwork = (command: Command): Command => {
  withForeignOptions(command)
  const option = new Option(
    '--classes <names>',
    'classes of an .onnx file: a,b,c or a file of lines',
  )
  return command.addOption(option.argParser(classNames).helpGroup('Of an .onnx file:'))
}

/** A model that Excite did not export, by the name or the address of its file. */
const foreignModel = async (path: string) => {
  const { isOnnx, ownDescription } = await import('../weights/onnxFile.ts')
  if (!isOnnx(path.replace(/[?#].*$/, ''))) return undefined
  const { bytes, model } = await readModel(path)
  return ownDescription(model, path) === undefined ? { bytes, model } : undefined
}

/** Opens a network. @throws UsageError for somebody else's that is not trusted, or not described */
export const openNetwork = async (path: string, flags: NetworkFlags): Promise<Classifier> => {
  const { classifierOf, openClassifier } = await import('../runs/classifier.ts')
  const { engine, threads, last } = flags
  const said = [...FOREIGN_ONLY, 'classes' as const].filter(name => flags[name] !== undefined)
  const foreign = await foreignModel(path)
  if (foreign === undefined) {
    const [idle] = said.filter(name => name !== 'trustModel')
    if (idle !== undefined)
      throw new UsageError({
        where: flagOf(idle),
        expected: 'an .onnx file of somebody else’s',
        got: `${path}, which says itself how images are prepared`,
      })
    const network = isAddress(path) ? new URL(path) : path
    return openClassifier(network, { weights: last ? 'last' : 'best', engine, threads })
  }
  const { bytes, model } = foreign
  const { readDescription } = await import('../weights/description.ts')
  const { descriptionPath, onnxDescription } = await import('../weights/onnxFile.ts')
  const { describeForeign } = await import('../foreign/describe.ts')
  const { feedsOf } = await import('../foreign/inputs.ts')
  const { openForeignPredictor } = await import('../foreign/predictor.ts')
  const { openEngine } = await import('../engines/registry.ts')
  const beside = descriptionPath(path)
  const given = existsSync(beside)
    ? readDescription(readFileSync(beside, 'utf8'), beside)
    : describeForeign(model, path, { ...flags, feeds: flags.feed })
  const description = await onnxDescription(bytes, path, { given })
  const feeds = feedsOf(model, description.input.name, flags.feed ?? new Map(), path)
  if (flags.trustModel !== true)
    throw new UsageError({
      where: path,
      expected: '--trust-model, to run a model that Excite did not export',
      got: 'none',
      hint: TRUST_HINT,
    })
  const { cardOf } = await import('../weights/description.ts')
  const limits = { threads, seconds: flags.timeLimit, memory: flags.memoryLimit * 1e9, feeds }
  return classifierOf(
    {
      card: cardOf(description),
      open: () => openForeignPredictor(bytes, path, description, limits),
      export: async () => ({ bytes, description }),
    },
    path,
    await openEngine('onnxruntime'),
  )
}
