/** Scales: from a quantity to pixels, with ticks at round numbers, by d3-scale. */

import { extent } from 'd3-array'
import { format as formatOf } from 'd3-format'
import { scaleLinear, scaleLog } from 'd3-scale'

interface Tick {
  readonly at: number
  readonly text: string
}

export interface Axis {
  /** What it shows, with its unit. */
  readonly label?: string
  /** From where to where; what the marks need unless given. */
  readonly domain?: readonly [low: number, high: number] | undefined
  /** Logarithmic, for positive quantities. */
  readonly log?: boolean
  /** Counts things: no ticks between whole numbers. */
  readonly whole?: boolean
  /** Names at 0, 1, …, in place of numbers. */
  readonly categories?: readonly string[]
  /** Where to put ticks, if not at round numbers. */
  readonly ticks?: readonly Tick[]
}

export interface Scale {
  (value: number): number
  readonly ticks: readonly Tick[]
}

/** −0.50, with a real minus sign, and nothing as plain 0.00. */
export const formatNumber = (value: number, digits: number): string =>
  formatOf(`,.${digits}f`)(value)

/** A domain that holds all values, a little wider, and never empty. */
const around = (values: readonly number[], log: boolean): readonly [number, number] => {
  const [low, high] = extent(values.filter(Number.isFinite))
  if (low === undefined) return log ? [1, 10] : [0, 1]
  if (log) return [low / 1.1, high * 1.1]
  const margin = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.05
  return [low - margin, high + margin]
}

/** Fewer do not show that an axis is logarithmic. */
const FEW = 3

const roundTicks = (
  domain: readonly [number, number],
  count: number,
  { log, whole }: Pick<Axis, 'log' | 'whole'>,
): readonly Tick[] => {
  if (log) {
    const scale = scaleLog().domain(domain)
    const text = scale.tickFormat(count, '~r')
    const ticks = scale
      .ticks(count)
      .flatMap(at => (text(at) === '' ? [] : [{ at, text: text(at) }]))
    if (ticks.length >= FEW) return ticks
  }
  const scale = scaleLinear().domain(domain)
  const text = whole ? formatOf(',.0f') : scale.tickFormat(count)
  const ticks = scale.ticks(count).filter(at => !whole || Number.isInteger(at))
  return ticks.map(at => ({ at, text: text(at) }))
}

/** @param values - what has to find room, where the axis does not say */
export const scaleOf = (
  { domain, log = false, whole = false, categories, ticks }: Axis,
  values: readonly number[],
  range: readonly [number, number],
  spacing = 70,
): Scale => {
  const own =
    domain ??
    (categories === undefined ? around(values, log) : ([-0.5, categories.length - 0.5] as const))
  const count = Math.max(2, Math.floor(Math.abs(range[1] - range[0]) / spacing))
  const scale = (log ? scaleLog() : scaleLinear()).domain(own).range(range)
  return Object.assign((value: number) => scale(value), {
    ticks:
      ticks ??
      categories?.map((text, at) => ({ at, text })) ??
      roundTicks(own, count, { log, whole }),
  })
}
