/** Names of options: as they are typed, as commander keeps them, and what others call them. */

import type { Command } from 'commander'

/** `--val-fraction` of `valFraction`. */
export const flagOf = (key: string): string =>
  `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** `valFraction` of `--val-fraction` or `--no-val-fraction`. */
export const keyOf = (flag: string): string =>
  flag.replace(/^--(no-)?/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Options that were renamed: the old names go on working for one version, with a note. */
const RENAMED: Readonly<Record<string, string>> = {
  'average-decay': 'ema-decay',
  'colour-jitter': 'color-jitter',
  deviation: 'std',
  drops: 'max-drops',
  end: 'final-lr',
  'frozen-epochs': 'freeze-bn-epochs',
  halved: 'half-bottleneck',
  initialise: 'initialize',
  pictures: 'images',
  smoothing: 'label-smoothing',
}

/** What other trainers call options. */
const ALIASES: Readonly<Record<string, string>> = {
  'batch-size': 'batch',
  'learning-rate': 'lr',
  lr0: 'lr',
  lrf: 'final-lr',
  opt: 'optimizer',
  sched: 'schedule',
  wd: 'weight-decay',
  'img-size': 'size',
  imgsz: 'size',
  'warmup-epochs': 'warm-up',
  'model-ema-decay': 'ema-decay',
  ema: 'ema-decay',
  'clip-grad': 'clip-norm',
  reprob: 'erase',
  'val-split': 'val-fraction',
  'initial-checkpoint': 'weights',
  pretrained: 'weights',
  output: 'out',
  drop: 'dropout',
}

/** Options of other trainers that stand for one of ours with a value. */
const SETTINGS: Readonly<Record<string, string>> = {
  'model-ema': 'ema-decay=0.9998',
}

/** What a command's options may be called, those of other trainers too. */
export const optionNames = (command: Command): readonly string[] => {
  const own = command.options.flatMap(({ long }) => long ?? [])
  const others = Object.entries(ALIASES).filter(([, name]) => own.includes(`--${name}`))
  return [...own, ...others.map(([name]) => `--${name}`)]
}

/** The command that the words of a command line lead to. */
export const commandOf = (root: Command, words: readonly string[]): Command => {
  const next = root.commands.find(command =>
    [command.name(), ...command.aliases()].includes(words[0]),
  )
  return next === undefined ? root : commandOf(next, words.slice(1))
}

/**
 * The words of a command line with options by the names of now; a command's own names stay.
 * @param note - is told of each option that was renamed
 */
export const currentWords = (
  words: readonly string[],
  command: Command,
  note: (text: string) => void,
): readonly string[] => {
  const own = new Set(command.options.map(({ long }) => long))
  return words.map(word => {
    const [, no = '', name = '', value = ''] = /^--(no-)?([a-z0-9-]+)(=.*)?$/s.exec(word) ?? []
    if (own.has(`--${no}${name}`)) return word
    if (value === '' && no === '' && Object.hasOwn(SETTINGS, name)) return `--${SETTINGS[name]}`
    const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined
    if (renamed !== undefined)
      note(`--${no}${name} is called --${no}${renamed} now; the old name works for one version`)
    const found = renamed ?? (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined)
    return found === undefined ? word : `--${no}${found}${value}`
  })
}
