/** First weights of a training: found by a path, a run's folder, or a repository of the hub, and read. */

import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FileError, messageOf, UsageError, WeightError } from '../errors/index.ts'
import { variables } from '../nn/index.ts'
import { cacheFolder } from '../platform/node/files.ts'
import { type HubOptions, isRepository } from '../weights/hub.ts'
import { hubModel } from '../weights/hubModel.ts'
import type { Imported, ImportOptions } from '../weights/import.ts'
import { importFile } from '../weights/importFile.ts'
import { isSafetensors } from '../weights/readWeights.ts'
import { readSafetensors, type StoredTensor } from '../weights/safetensors.ts'
import { type Card, readCard } from '../weights/trained.ts'
import { RUN_FILES } from './runFolder.ts'

/** First weights, by the names of the network's own variables or of their file; with a card where it is known. */
export interface FirstWeights {
  /** For messages. */
  readonly file: string
  readonly stored: ReadonlyMap<string, StoredTensor>
  readonly card?: Card
  /** What is to be known of them, where they were imported. */
  readonly notes?: readonly string[]
}

/** How first weights are looked for. */
export interface FirstWeightsOptions extends Partial<HubOptions> {
  /** The network that is trained; its weights may be those of its backbone. */
  readonly model?: string | undefined
}

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false })

/** Whether a text names a repository of the hub: no path of that name, or of its first word, is there. */
const isOfHub = (text: string): boolean =>
  isRepository(text) && !existsSync(text) && !existsSync(text.split('/')[0])

/** Weights as a configuration keeps them: a whole path, or the name of a repository. */
export const weightsName = (text: string): string => (isOfHub(text) ? text : resolve(text))

/** `se-resnet50` without its attention. */
export const backboneOf = (name: string): string => name.replace(/^[a-z]+-/, '')

const asFirst = (file: string, { trained, notes }: Imported): FirstWeights => {
  const { card, model, tensors } = trained
  const stored = variables(model.network).flatMap(({ name, tensor: { shape } }) => {
    const data = tensors.get(name)
    return data === undefined ? [] : [[name, { dtype: 'F32', shape, data }] as const]
  })
  return { file, card, notes, stored: new Map(stored) }
}

/** Weights of another program: as those of the network, or of its backbone, or told by themselves. */
const imported = (path: string, options: ImportOptions, model?: string): FirstWeights => {
  const names = model === undefined ? [] : new Set([model, backboneOf(model)])
  let failure: unknown
  for (const name of [...names, undefined])
    try {
      return asFirst(path, importFile(path, { ...options, model: name }))
    } catch (cause) {
      if (!(cause instanceof UsageError || cause instanceof WeightError)) throw cause
      failure ??= cause
    }
  throw failure
}

const missing = (text: string): UsageError =>
  new UsageError({
    where: 'weights',
    expected: 'a .safetensors or PyTorch file, the folder of a run, or owner/name of the hub',
    got: `${text}, where there is nothing`,
  })

/** The file that a path means: itself, or the best weights of a run. */
const fileOf = (text: string): string => {
  const found = statOf(text)
  if (found === undefined) throw missing(text)
  if (!found.isDirectory()) return text
  const best = join(text, RUN_FILES.best)
  if (existsSync(best)) return best
  throw new UsageError({
    where: 'weights',
    expected: `a run with ${RUN_FILES.best}`,
    got: `${text}, a folder without it`,
    hint: 'It is written after the first epoch',
  })
}

/**
 * Reads first weights: of a run's folder, a file of Excite, PyTorch or another program, or a
 * repository of the hub, fetched once.
 * @throws UsageError for what is not there or no known network's; FileError for what is damaged, or a
 * hub that does not answer
 */
export const readFirstWeights = async (
  text: string,
  { model, ...options }: FirstWeightsOptions = {},
): Promise<FirstWeights> => {
  if (isOfHub(text)) {
    const { path, ...told } = await hubModel(text, { cache: cacheFolder(), ...options })
    return imported(path, told, model)
  }
  const file = fileOf(text)
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new FileError({ where: file, expected: 'weights', got: messageOf(cause) }, { cause })
  })
  if (!isSafetensors(bytes)) return imported(file, {}, model)
  const { tensors: stored, metadata } = readSafetensors(bytes, file)
  if (metadata.excite !== undefined) return { file, stored, card: readCard(metadata.excite, file) }
  try {
    return imported(file, {}, model)
  } catch (cause) {
    // Tensors that no network here has may still be those of a network that was given.
    if (model === undefined) throw cause
    return { file, stored }
  }
}
