/** Names of options: as they are typed, as commander keeps them, and what they were called before. */

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

/**
 * The words of a command line with options by the names of now.
 * @param note - is told of each option that was renamed
 */
export const currentWords = (
  words: readonly string[],
  note: (text: string) => void,
): readonly string[] =>
  words.map(word => {
    const [, no = '', name = '', value = ''] = /^--(no-)?([a-z-]+)(=.*)?$/s.exec(word) ?? []
    const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined
    if (renamed !== undefined)
      note(`--${no}${name} is called --${no}${renamed} now; the old name works for one version`)
    const found = renamed ?? (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined)
    return found === undefined ? word : `--${no}${found}${value}`
  })
