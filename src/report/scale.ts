/** Scales: from a quantity to pixels, with ticks at round numbers. */

export interface Axis {
  /** What it shows, with its unit. */
  readonly label?: string
  /** From where to where; what the marks need unless given. */
  readonly domain?: readonly [low: number, high: number]
  /** Logarithmic, for positive quantities. */
  readonly log?: boolean
  /** Counts things: no ticks between whole numbers. */
  readonly whole?: boolean
  /** Names at 0, 1, …, in place of numbers. */
  readonly categories?: readonly string[]
  /** Where to put ticks, if not at round numbers. */
  readonly ticks?: readonly { readonly at: number; readonly text: string }[]
  readonly format?: (value: number) => string
}

export interface Scale {
  (value: number): number
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
}

/** 1, 2 or 5 × 10^k: the one whose number of steps over the span is nearest to `count`. */
const roundStep = (span: number, count: number): number => {
  const exact = span / count
  const power = 10 ** Math.floor(Math.log10(exact))
  const factor = exact / power
  // The borders are the geometric means of neighbors.
  return (
    power *
    (factor < Math.sqrt(2) ? 1 : factor < Math.sqrt(10) ? 2 : factor < Math.sqrt(50) ? 5 : 10)
  )
}

const decimals = (step: number): number => Math.max(0, -Math.floor(Math.log10(step) + 1e-9))

/** −0.5, with a real minus sign; trailing digits by the step. */
export const formatNumber = (value: number, digits: number): string =>
  (Math.abs(value) < 10 ** -digits / 2 ? 0 : value)
    .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace('-', '−')

const linearTicks = (
  [low, high]: readonly [number, number],
  count: number,
  { format, whole = false }: Pick<Axis, 'format' | 'whole'>,
) => {
  const step = Math.max(roundStep(high - low, count), whole ? 1 : 0)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => {
    const at = (first + i) * step
    return { at, text: (format ?? (value => formatNumber(value, decimals(step))))(at) }
  })
}

const logTicks = ([low, high]: readonly [number, number], format: Axis['format']) => {
  const decades = Math.log10(high / low)
  const factors = decades > 2.5 ? [1] : decades > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 5, 7]
  const ticks = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
    for (const factor of factors) {
      const at = factor * 10 ** power
      const text = format?.(at) ?? `${Number(at.toPrecision(3))}`
      if (at >= low * 0.999 && at <= high * 1.001) ticks.push({ at, text })
    }
  return ticks
}

/** A domain that holds all values, a little wider, and never empty. */
const around = (values: readonly number[], log: boolean): readonly [number, number] => {
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return log ? [1, 10] : [0, 1]
  const low = finite.reduce((a, b) => Math.min(a, b))
  const high = finite.reduce((a, b) => Math.max(a, b))
  if (log) return [low / 1.1, high * 1.1]
  const margin = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.05
  return [low - margin, high + margin]
}

/** Fewer do not show that an axis is logarithmic. */
const FEW = 3

/** @param values - what has to find room, where the axis does not say */
export const scaleOf = (
  { domain, log = false, categories, ticks, ...text }: Axis,
  values: readonly number[],
  [from, to]: readonly [number, number],
  spacing = 70,
): Scale => {
  const own =
    domain ??
    (categories === undefined ? around(values, log) : ([-0.5, categories.length - 0.5] as const))
  const place = log ? Math.log : (value: number) => value
  const [low, high] = [place(own[0]), place(own[1])]
  const count = Math.max(2, Math.floor(Math.abs(to - from) / spacing))
  const powers = log ? logTicks(own, text.format) : []
  const found =
    ticks ??
    categories?.map((text, at) => ({ at, text })) ??
    (powers.length < FEW ? linearTicks(own, count, text) : powers)
  const scale = (value: number): number =>
    from + ((place(value) - low) / (high - low || 1)) * (to - from)
  return Object.assign(scale, { ticks: found })
}
