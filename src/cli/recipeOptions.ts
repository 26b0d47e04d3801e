/** Every value of a recipe as an option: one table, from flags to places in the record. */

import { type Command, Option } from 'commander'
import { SAMPLINGS } from '../data/sampling.ts'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Recipe } from '../train/config.ts'
import { RECIPES, type RecipeName, recipeNames } from '../train/recipes.ts'
import { DECAY_RULES } from '../train/weightDecay.ts'

type Parser = (text: string, flag: string) => unknown

const number: Parser = (text, flag) => {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value)) return value
  throw new UsageError({ where: flag, expected: 'a number', got: text })
}
const numbers: Parser = (text, flag) => text.split(',').map(part => number(part, flag))
const word: Parser = text => text
/** 0 takes the setting away. */
const orNone =
  (make: (value: unknown) => unknown = value => value): Parser =>
  (text, flag) => {
    const value = number(text, flag)
    return value === 0 ? undefined : make(value)
  }

interface Override {
  readonly flag: string
  readonly value?: string
  readonly help: string
  readonly path: string
  readonly parse: Parser
  readonly choices?: readonly string[]
}

const OVERRIDES: readonly Override[] = [
  {
    flag: '--epochs',
    value: 'n',
    help: 'passes over the training images',
    path: 'epochs',
    parse: number,
  },
  { flag: '--batch', value: 'n', help: 'images a step', path: 'batch', parse: number },
  {
    flag: '--lr',
    value: 'x',
    help: 'learning rate, before the schedule',
    path: 'learningRate',
    parse: number,
  },
  {
    flag: '--optimizer',
    value: 'name',
    help: 'sgd or adamw',
    path: 'optimizer.kind',
    parse: word,
    choices: ['sgd', 'adamw'],
  },
  { flag: '--momentum', value: 'x', help: 'of sgd', path: 'optimizer.momentum', parse: number },
  { flag: '--nesterov', help: "Nesterov's momentum", path: 'optimizer.nesterov', parse: word },
  { flag: '--no-nesterov', help: 'plain momentum', path: 'optimizer.nesterov', parse: word },
  { flag: '--beta1', value: 'x', help: 'of adamw', path: 'optimizer.beta1', parse: number },
  { flag: '--beta2', value: 'x', help: 'of adamw', path: 'optimizer.beta2', parse: number },
  { flag: '--epsilon', value: 'x', help: 'of adamw', path: 'optimizer.epsilon', parse: number },
  {
    flag: '--weight-decay',
    value: 'x',
    help: 'coefficient of L2 decay',
    path: 'weightDecay',
    parse: number,
  },
  {
    flag: '--decay-rule',
    value: 'name',
    help: 'what decays: weights, all-but-beta (GCT) or all',
    path: 'decayRule',
    parse: word,
    choices: Object.keys(DECAY_RULES),
  },
  {
    flag: '--schedule',
    value: 'name',
    help: 'constant, multi-step, cosine or plateau',
    path: 'schedule.kind',
    parse: word,
    choices: ['constant', 'multi-step', 'cosine', 'plateau'],
  },
  {
    flag: '--milestones',
    value: 'x,…',
    help: 'of multi-step, as fractions of the training',
    path: 'schedule.at',
    parse: numbers,
  },
  {
    flag: '--factor',
    value: 'x',
    help: 'of multi-step and plateau: what the rate is multiplied by',
    path: 'schedule.factor',
    parse: number,
  },
  {
    flag: '--patience',
    value: 'n',
    help: 'of plateau: epochs without a better loss',
    path: 'schedule.patience',
    parse: number,
  },
  {
    flag: '--drops',
    value: 'n',
    help: 'of plateau: at most so many',
    path: 'schedule.drops',
    parse: number,
  },
  {
    flag: '--end',
    value: 'x',
    help: 'of cosine: the last rate, as a fraction',
    path: 'schedule.end',
    parse: number,
  },
  {
    flag: '--warm-up',
    value: 'epochs',
    help: 'epochs of lower rate at the start; 0 for none',
    path: 'warmUp.epochs',
    parse: number,
  },
  {
    flag: '--warm-up-from',
    value: 'x',
    help: 'fraction of the rate to begin with',
    path: 'warmUp.from',
    parse: number,
  },
  { flag: '--smoothing', value: 'x', help: 'label smoothing', path: 'smoothing', parse: number },
  {
    flag: '--clip-norm',
    value: 'x',
    help: 'longest gradient; 0 for any',
    path: 'clipNorm',
    parse: orNone(),
  },
  {
    flag: '--average-decay',
    value: 'x',
    help: 'keep a running average of the weights (EMA); 0 for none',
    path: 'averageDecay',
    parse: orNone(),
  },
  {
    flag: '--frozen-epochs',
    value: 'n',
    help: 'last epochs with frozen batch-norm statistics',
    path: 'frozenEpochs',
    parse: number,
  },
  {
    flag: '--crop',
    value: 'pixels',
    help: 'random crop after padding; 0 for none',
    path: 'augment.crop',
    parse: orNone(padding => ({ padding })),
  },
  {
    flag: '--resized-crop',
    value: 'x',
    help: 'random part of at least this share of the area, resized; 0 for none',
    path: 'augment.resizedCrop',
    parse: orNone(scale => ({ scale })),
  },
  { flag: '--flip', help: 'mirror every other image', path: 'augment.flip', parse: word },
  { flag: '--no-flip', help: 'mirror none', path: 'augment.flip', parse: word },
  {
    flag: '--cutout',
    value: 'pixels',
    help: 'side of the square cut out; 0 for none',
    path: 'augment.cutout',
    parse: orNone(size => ({ size })),
  },
  {
    flag: '--rotate',
    value: 'degrees',
    help: 'turn by up to so many; 0 for none',
    path: 'augment.rotate',
    parse: orNone(degrees => ({ degrees })),
  },
  {
    flag: '--color-jitter',
    value: 'x',
    help: 'brightness, contrast and saturation by 1 ± x; 0 for none',
    path: 'augment.colorJitter',
    parse: orNone(strength => ({ strength })),
  },
  {
    flag: '--rand-augment',
    value: 'n,m',
    help: 'RandAugment: n operations of magnitude m, up to 10; 0 for none',
    path: 'augment.randAugment',
    parse: (text, flag) => {
      const [operations, magnitude = 9] = numbers(text, flag) as number[]
      return operations === 0 ? undefined : { operations, magnitude }
    },
  },
  {
    flag: '--erase',
    value: 'x',
    help: 'probability that a rectangle is erased; 0 for none',
    path: 'augment.erase',
    parse: orNone(probability => ({ probability })),
  },
  {
    flag: '--mixup',
    value: 'alpha',
    help: 'blend pairs of images by Beta(α, α), up to 1; 0 for none',
    path: 'mixing.mixup',
    parse: orNone(),
  },
  {
    flag: '--cutmix',
    value: 'alpha',
    help: 'paste a part of one image into another; with --mixup, either; 0 for none',
    path: 'mixing.cutmix',
    parse: orNone(),
  },
  {
    flag: '--sampling',
    value: 'name',
    help: 'shuffle, or balanced: every class equally often',
    path: 'sampling',
    parse: word,
    choices: SAMPLINGS,
  },
  {
    flag: '--initialize',
    value: 'name',
    help: 'first weights: he or pytorch',
    path: 'initialize',
    parse: word,
    choices: ['he', 'pytorch'],
  },
]

export const withRecipeOptions = (command: Command): Command => {
  command.option(
    '--recipe <name>',
    `where the values below come from: ${recipeNames.join(', ')}`,
    'short',
  )
  for (const { flag, value, help, choices } of OVERRIDES) {
    const option = new Option(value === undefined ? flag : `${flag} <${value}>`, help)
    if (choices) option.argParser(text => chosen(flag, text, choices))
    command.addOption(option)
  }
  return command
}

const chosen = (flag: string, text: string, choices: readonly string[]): string => {
  if (choices.includes(text)) return text
  throw new UsageError({
    where: flag,
    expected: `one of ${choices.join(', ')}`,
    got: text,
    ...(suggestion(text, choices) ? { hint: suggestion(text, choices) as string } : {}),
  })
}

/** What an optimizer or a schedule begins with when it is another one than the recipe's. */
const KINDS: Readonly<Record<string, object>> = {
  sgd: { kind: 'sgd', momentum: 0.9, nesterov: true },
  adamw: { kind: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  constant: { kind: 'constant' },
  'multi-step': { kind: 'multi-step', at: [0.3, 0.6, 0.9], factor: 0.1 },
  cosine: { kind: 'cosine', end: 0 },
  plateau: { kind: 'plateau', factor: 0.1, patience: 10, drops: 3 },
}

type Tree = Record<string, unknown>

const nameOf = (flag: string): string =>
  flag.replace(/^--(no-)?/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Whether an option of the recipe was given. */
export const givenOverrides = (flags: Tree): readonly string[] =>
  OVERRIDES.filter(({ flag }) => flags[nameOf(flag)] !== undefined).map(({ flag }) => flag)

/** The option that gives a field of a recipe, by its path in the record. */
export const recipeFlagOf = (path: string): string | undefined =>
  OVERRIDES.find(override => path === override.path || path.startsWith(`${override.path}.`))?.flag

/**
 * The named recipe with what the command line says otherwise; to be checked by the schema.
 * @throws UsageError for an unknown name, or text where a number belongs
 */
export const recipeFrom = (flags: Tree): unknown => {
  const name = chosen('--recipe', String(flags.recipe), recipeNames)
  const recipe: Recipe = RECIPES[name as RecipeName]
  const result = structuredClone(recipe) as unknown as Tree
  for (const { flag, path, parse } of OVERRIDES) {
    const given = flags[nameOf(flag)]
    if (given === undefined || given === flag.startsWith('--no-')) continue
    const value = typeof given === 'boolean' ? given : parse(String(given), flag)
    const [group, field] = path.split('.')
    if (field === undefined) set(result, group, value)
    else if (field === 'kind') {
      if ((result[group] as Tree).kind !== value) result[group] = { ...KINDS[String(value)] }
    } else {
      if (group === 'mixing') result[group] ??= {}
      if (group === 'warmUp') result[group] ??= { epochs: 1, from: 0.1, flat: false }
      set(result[group] as Tree, field, value)
    }
  }
  if ((result.warmUp as Tree | undefined)?.epochs === 0) delete result.warmUp
  return result
}

const set = (record: Tree, name: string, value: unknown): void => {
  if (value === undefined) delete record[name]
  else record[name] = value
}
