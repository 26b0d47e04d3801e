/** A network of the hub as timm publishes it: its weights, and a configuration of how to feed it. */

import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { FileError, UsageError } from '../errors/index.ts'
import { type HubOptions, hubFile, parseRepository } from './hub.ts'
import type { Preprocessing } from './names/naming.ts'

/** The better formats first. */
const WEIGHTS = ['model.safetensors', 'pytorch_model.bin']

const triple = z.tuple([z.number(), z.number(), z.number()])
const configSchema = z.object({
  architecture: z.string().optional(),
  pretrained_cfg: z
    .object({
      mean: triple.optional(),
      std: triple.optional(),
      input_size: z.tuple([z.number(), z.number(), z.number()]).optional(),
      crop_pct: z.number().positive().max(1).optional(),
    })
    .optional(),
})

export interface HubModel {
  readonly path: string
  /** What to call its source in a card. */
  readonly source: string
  /** What its configuration calls the network. */
  readonly architecture?: string | undefined
  readonly classes?: readonly string[] | undefined
  readonly preprocessing?: Preprocessing
  readonly size?: number
  readonly cropPct?: number
}

const readConfig = async (path: string): Promise<z.infer<typeof configSchema>> => {
  try {
    return configSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new FileError(
      { where: path, expected: "timm's configuration", got: String(cause).slice(0, 200) },
      { cause },
    )
  }
}

/**
 * Fetches `owner/name` or `owner/name@revision`.
 * @throws UsageError when there is no such repository or no weights in it
 */
export const hubModel = async (text: string, options: HubOptions): Promise<HubModel> => {
  const repository = parseRepository(text)
  const configPath = await hubFile(repository, 'config.json', options)
  let path: string | undefined
  for (const file of WEIGHTS) path ??= await hubFile(repository, file, options)
  if (path === undefined)
    throw new UsageError({
      where: `--from-hub ${text}`,
      expected: `a public repository with ${WEIGHTS.join(' or ')}`,
      got: 'none',
      hint: 'Check the name on huggingface.co',
    })
  const config = configPath === undefined ? {} : await readConfig(configPath)
  const { mean, std, input_size: input, crop_pct: cropPct } = config.pretrained_cfg ?? {}
  return {
    path,
    source: `hub:${text}`,
    architecture: config.architecture,
    ...(mean && std ? { preprocessing: { mean, std: std } } : {}),
    ...(input ? { size: input[1] } : {}),
    ...(cropPct === undefined ? {} : { cropPct }),
  }
}
