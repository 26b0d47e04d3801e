/** A network of the hub as timm or transformers publish it: its weights, and how to feed it. */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { FileError, messageOf, UsageError } from '../errors/index.ts'
import type { Variations } from '../models/variations.ts'
import { fetchFile, type HubOptions, parseRepository, remoteFiles } from './hub.ts'
import { shardsOf } from './importFile.ts'
import type { Preprocessing } from './names/naming.ts'

/** The better formats first. */
const WEIGHTS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
]
const CONFIG = 'config.json'
const PREPROCESSOR = 'preprocessor_config.json'

const triple = z.tuple([z.number(), z.number(), z.number()])

/** timm's configuration, and what is told of a ResNet by that of transformers. */
const configSchema = z.object({
  architecture: z.string().optional(),
  label_names: z.array(z.string()).optional(),
  pretrained_cfg: z
    .object({
      mean: triple.optional(),
      std: triple.optional(),
      input_size: triple.optional(),
      crop_pct: z.number().positive().max(1).optional(),
    })
    .optional(),
  id2label: z.record(z.string(), z.string()).optional(),
  downsample_in_bottleneck: z.boolean().optional(),
})
const preprocessorSchema = z.object({ image_mean: triple.optional(), image_std: triple.optional() })

export interface HubModel {
  readonly path: string
  /** What to call its source in a card. */
  readonly source: string
  /** What its configuration calls the network. */
  readonly architecture?: string | undefined
  readonly variations?: Variations | undefined
  readonly classes?: readonly string[] | undefined
  readonly preprocessing?: Preprocessing | undefined
  readonly size?: number | undefined
  readonly cropPct?: number | undefined
}

const readJson = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const got = messageOf(cause).slice(0, 200)
    throw new FileError({ where: path, expected: 'a configuration of a network', got }, { cause })
  }
}

/**
 * Fetches `owner/name` or `owner/name@revision`.
 * @throws UsageError when there is no such repository or no weights in it
 */
export const hubModel = async (text: string, options: HubOptions): Promise<HubModel> => {
  const repository = parseRepository(text)
  const found = await remoteFiles(repository, [...WEIGHTS, CONFIG, PREPROCESSOR], options)
  const fetched = async (file: string): Promise<string | undefined> => {
    const remote = found.find(remote => remote.file === file)
    return remote && fetchFile(repository, remote, options)
  }
  const weights = WEIGHTS.find(file => found.some(remote => remote.file === file))
  const path = weights && (await fetched(weights))
  if (path === undefined)
    throw new UsageError({
      where: `repository ${text}`,
      expected: `weights in it: ${WEIGHTS.join(' or ')}`,
      got: 'missing',
      hint: 'Check the name on huggingface.co',
    })
  if (path.endsWith('.index.json'))
    for (const shard of await remoteFiles(repository, shardsOf(path), options))
      await fetchFile(repository, shard, options)
  const [configPath, preprocessorPath] = [await fetched(CONFIG), await fetched(PREPROCESSOR)]
  const config = configPath === undefined ? {} : await readJson(configPath, configSchema)
  const preprocessor =
    preprocessorPath === undefined ? {} : await readJson(preprocessorPath, preprocessorSchema)
  const { id2label, pretrained_cfg: timm = {} } = config
  const [mean, std] = [timm.mean ?? preprocessor.image_mean, timm.std ?? preprocessor.image_std]
  return {
    path,
    source: `hub:${text}`,
    architecture: config.architecture,
    variations: config.downsample_in_bottleneck ? { strideIn: '1x1' } : undefined,
    classes: config.label_names ?? (id2label && Object.values(id2label)),
    preprocessing: mean && std ? { mean, std } : undefined,
    size: timm.input_size?.[1],
    cropPct: timm.crop_pct,
  }
}
