/** Fields of cards and `config.json` that were called otherwise: files of earlier versions are read as of now. */

const OLD: Readonly<Record<string, string>> = {
  device: 'engine',
  deviation: 'std',
  initialise: 'initialize',
  colourJitter: 'colorJitter',
  halved: 'halfBottleneck',
  smoothing: 'labelSmoothing',
  averageDecay: 'emaDecay',
  frozenEpochs: 'freezeBatchNormEpochs',
  drops: 'maxDrops',
}

type Fields = Readonly<Record<string, unknown>>

/** Whether a value is an object with fields. */
export const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const renamed = (value: unknown): unknown =>
  isRecord(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, field]) => [
          Object.hasOwn(OLD, name) ? OLD[name] : name,
          // The engine onnxruntime was called the device onnx.
          name === 'device' && field === 'onnx' ? 'onnxruntime' : renamed(field),
        ]),
      )
    : value

/** Every card had a deviation, and every recipe of a configuration initialise. */
const isOld = (value: Fields): boolean =>
  'deviation' in value || (isRecord(value.recipe) && 'initialise' in value.recipe)

/** SimAM stood after the normalization of the spatial convolution unless told. */
const placed = (value: Fields): Fields => {
  const { model, attention = String(model).startsWith('simam-') ? 'simam' : undefined } = value
  const isPlain = typeof attention === 'string' && /^simam(?::|$)/.test(attention)
  if (!isPlain || attention.includes('at=')) return value
  return { ...value, attention: `${attention}${attention.includes(':') ? ',' : ':'}at=inside` }
}

/** A record as it is written now: its fields' names on every level, and where SimAM stands. */
export const current = (value: unknown): unknown =>
  isRecord(value) && isOld(value) ? placed(renamed(value) as Fields) : renamed(value)
