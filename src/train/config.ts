/** Everything that decides a training, as one record that is checked, saved and read back. */

import { z } from 'zod'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { current } from '../weights/oldFields.ts'
import { variationsSchema } from '../weights/variationsSchema.ts'
import { flag, fraction, oneOf, positive, text, whole } from './fields.ts'
import { recipeSchema } from './recipeSchema.ts'

export type { Recipe } from './recipeSchema.ts'

/** What is trained, on what, and how. */
export const configSchema = z
  .strictObject({
    /** The network's name. */
    model: text,
    /** The attention in place of the name's own, as `se:reduction=8,at=pre`. */
    attention: text.optional(),
    /** How the backbone differs from its name's. */
    variations: variationsSchema.optional(),
    /** Whether the network holds code which no registry knows. */
    custom: flag.optional(),
    /** What the network is trained for; classification unless said. */
    task: text.optional(),
    /** The name of a set, or the path of a folder. */
    data: text,
    /** Where the files of a set lie. */
    dataDir: text.optional(),
    /** How many training and test images, where not all of a set's. */
    samples: z.strictObject({ train: whole(), test: whole() }).optional(),
    /** Height and width of the images. */
    size: whole().optional(),
    /** The size over the shorter side of the resized image, at evaluation. */
    cropPct: fraction.optional(),
    /** What transparent images are composed on. */
    background: z
      .string()
      .regex(/^#[0-9a-f]{6}$/, 'a color such as #ffffff')
      .optional(),
    /** The share of each class that is held back for validation. */
    valFraction: fraction.optional(),
    /** A table of the images' labels. */
    labels: text.optional(),
    /** Its columns of files and labels, or of one label or number each. */
    labelColumns: z.tuple([text], text).readonly().optional(),
    /** A pattern of file names that hold labels. */
    labelFromName: text.optional(),
    /** The classes in their order, where not that of their names. */
    classes: z.array(text).readonly().optional(),
    /** What is done about images that cannot be decoded. */
    badImages: oneOf(['stop', 'skip', 'replace']).optional(),
    /** The share of them that is too many. */
    badLimit: fraction.optional(),
    /** A file of first weights. */
    weights: text.optional(),
    /** How the images of the first weights were normalized. */
    normalization: z
      .strictObject({
        mean: z.array(z.number()).readonly(),
        std: z.array(positive).readonly(),
      })
      .optional(),
    /** Patterns of parameters that stay as they are. */
    freeze: text.optional(),
    /** The epoch, from 1, in which they are trained too. */
    unfreezeAt: whole(2).optional(),
    /** Where the number of epochs was changed on the way: after which epoch, and what it was before. */
    extended: z.array(z.strictObject({ after: whole(0), from: whole() })).optional(),
    /** Decides first weights, order and augmentation. */
    seed: whole(0),
    /** What computes. */
    engine: text,
    /** Threads to compute with. */
    threads: whole().optional(),
    recipe: recipeSchema,
  })
  .refine(({ freeze, unfreezeAt }) => freeze !== undefined || unfreezeAt === undefined, {
    path: ['unfreezeAt'],
    error: 'something frozen by `freeze`',
  })
  .refine(({ unfreezeAt, recipe }) => unfreezeAt === undefined || unfreezeAt <= recipe.epochs, {
    path: ['unfreezeAt'],
    error: 'an epoch of the training',
  })
  .refine(
    ({ badImages, badLimit }) =>
      badLimit === undefined || (badImages !== undefined && badImages !== 'stop'),
    {
      path: ['badLimit'],
      error: '`badImages` skip or replace, since by default the first bad image stops',
    },
  )

/** All that decides a training; a run keeps it as `config.json`. */
export type Config = z.infer<typeof configSchema>

const shown = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : typeof value === 'string'
      ? value || 'an empty text'
      : JSON.stringify(value)

type Issue = z.core.$ZodIssue

/** The fields that a record may have at a path, where it is one. */
const fieldsAt = (path: readonly PropertyKey[]): readonly string[] => {
  let schema: unknown = configSchema
  for (const key of path) {
    while (schema instanceof z.ZodOptional) schema = schema.unwrap()
    schema = schema instanceof z.ZodObject ? schema.shape[String(key)] : undefined
  }
  while (schema instanceof z.ZodOptional) schema = schema.unwrap()
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

/** What stands at a path of a record. */
const valueAt = (record: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) => (at as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    record,
  )

/** What is wrong with one field, in our words. */
const problemOf = (
  issue: Issue,
  candidate: unknown,
): { where: string; expected: string; got: string; hint?: string | undefined } => {
  const where = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys')
    return { where, expected: issue.message, got: shown(valueAt(candidate, issue.path)) }
  const [key] = issue.keys
  const fields = fieldsAt(issue.path)
  const hint =
    suggestion(key, fields) ?? (where === 'recipe' ? suggestion(key, fieldsAt([])) : undefined)
  return {
    where: where || 'options',
    expected: 'fields that there are',
    got: issue.keys.join(', '),
    hint,
  }
}

/**
 * Checks a configuration, from options or from a run's file.
 * @param file - where it was read, if it was
 * @throws UsageError that names every field at fault
 */
export const checkConfig = (candidate: unknown, file?: string): Config => {
  const given = current(candidate)
  const { success, data, error } = configSchema.safeParse(given)
  if (success) return data
  const problems = error.issues.map(issue => problemOf(issue, given))
  const [{ where, ...first }] = problems
  if (problems.length === 1 && file === undefined) throw new UsageError({ where, ...first })
  throw new UsageError({
    where: file ?? 'options',
    expected: 'a valid configuration',
    got: problems
      .map(({ where, expected, got }) => `${where} ${got}, which should be ${expected}`)
      .join('; '),
  })
}
