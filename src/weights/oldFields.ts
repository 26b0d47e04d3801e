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

/** A record with its fields as they are called now, on every level. */
export const current = (value: unknown): unknown => {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      Object.hasOwn(OLD, name) ? OLD[name] : name,
      // The engine onnxruntime was called the device onnx.
      name === 'device' && field === 'onnx' ? 'onnxruntime' : current(field),
    ]),
  )
}
