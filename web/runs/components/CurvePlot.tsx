/** Lines of any length: axes as text, the lines on a canvas over them, a cursor for pointer and keys. */

import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Point } from '../../../src/report/marks.ts'
import { type Scale, scaleOf } from '../../../src/report/scale.ts'
import { textWidth } from '../../../src/report/svg.ts'
import { isDark } from '../../frame/theme.ts'
import { named, shortNumber } from '../format.ts'
import type { Curve } from '../models/server.ts'

export interface Series {
  readonly id: string
  readonly name: string
  /** Which of the colors; more than there are repeat them, dashed. */
  readonly color: number
  readonly curve: Curve
  /** What was measured after epochs. */
  readonly dots: readonly Point[]
}

export interface CurvePlotProps {
  readonly series: readonly Series[]
  readonly xLabel: string
  readonly yLabel: string
  readonly log: boolean
  readonly height: number
  /** Told of the width, in columns that can be told apart. */
  onWidth(width: number): void
  /** Told of a part of x that was marked. */
  onZoom(from: number, to: number): void
}

const COLORS = 7
const DASH = [4, 3]

/** The values of x and y that must find room. */
const extents = (series: readonly Series[], log: boolean) => {
  const usable = (y: number): boolean => Number.isFinite(y) && (!log || y > 0)
  const x: number[] = []
  const y: number[] = []
  const hold = (values: Iterable<number>): void => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const value of values)
      if (usable(value)) [low, high] = [Math.min(low, value), Math.max(high, value)]
    if (low <= high) y.push(low, high)
  }
  for (const { curve, dots } of series) {
    if (curve.x.length > 0) x.push(curve.x[0], curve.x[curve.x.length - 1])
    hold(curve.low)
    hold(curve.high)
    hold(dots.map(([, value]) => value))
  }
  return { x: x.length > 0 ? [Math.min(...x), Math.max(...x)] : [0, 1], y }
}

const drawSeries = (
  context: CanvasRenderingContext2D,
  { curve, color, dots }: Series,
  x: Scale,
  y: Scale,
): void => {
  const style = getComputedStyle(document.documentElement)
  context.strokeStyle = style.getPropertyValue(`--s${color % COLORS}`)
  context.fillStyle = context.strokeStyle
  context.setLineDash(color >= COLORS ? DASH : [])
  // What was measured, behind its average: a line from the lowest to the highest of every column.
  context.globalAlpha = 0.3
  context.lineWidth = 1
  context.beginPath()
  for (let i = 0; i < curve.x.length; i++) {
    const at = x(curve.x[i])
    if (i > 0) context.lineTo(at, y(curve.high[i]))
    else context.moveTo(at, y(curve.high[i]))
    context.lineTo(at, y(curve.low[i]))
  }
  context.stroke()
  context.globalAlpha = 1
  context.lineWidth = 1.8
  context.beginPath()
  let isOn = false
  for (let i = 0; i < curve.x.length; i++) {
    const at = y(curve.average[i])
    if (!Number.isFinite(at)) isOn = false
    else if (isOn) context.lineTo(x(curve.x[i]), at)
    else {
      context.moveTo(x(curve.x[i]), at)
      isOn = true
    }
  }
  context.stroke()
  context.setLineDash([])
  for (const [across, up] of dots) {
    if (!Number.isFinite(y(up))) continue
    context.beginPath()
    context.arc(x(across), y(up), 3, 0, 2 * Math.PI)
    context.fill()
  }
}

/** The column whose x is nearest. */
const nearest = (values: Float32Array, wanted: number): number => {
  let best = 0
  for (let i = 1; i < values.length; i++)
    if (Math.abs(values[i] - wanted) < Math.abs(values[best] - wanted)) best = i
  return best
}

/** What the lines are at an x, in words. */
const readout = (series: readonly Series[], xLabel: string, at: number): string =>
  [
    `${xLabel} ${shortNumber(at)}`,
    ...series
      .filter(({ curve }) => curve.x.length > 0)
      .map(({ name, curve }) => {
        const i = nearest(curve.x, at)
        return `${named(name)} ${shortNumber(curve.average[i])} (${shortNumber(curve.low[i])} to ${shortNumber(curve.high[i])})`
      }),
  ].join(' · ')

export const CurvePlot = (props: CurvePlotProps) => {
  const { series, xLabel, yLabel, log, height, onWidth, onZoom } = props
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = useSignal(0)
  /** Where the cursor stands, and where a mark was begun, in x. */
  const cursor = useSignal<number | undefined>(undefined)
  const marked = useSignal<number | undefined>(undefined)

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => {
      width.value = Math.floor(contentRect.width)
      onWidth(Math.max(100, width.value))
    })
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [])

  const { x: across, y: up } = extents(series, log)
  const [top, bottom] = [28, height - 40]
  const y = scaleOf({ log }, up, [bottom, top], 34)
  const left = Math.max(...y.ticks.map(({ text }) => textWidth(text)), 20) + 8
  const right = Math.max(left + 50, width.value - 12)
  const [low, high] = across
  const x = scaleOf({ domain: [low, high > low ? high : low + 1] }, [], [left, right], 70)
  const dark = isDark()

  useEffect(() => {
    const own = canvas.current
    const context = own?.getContext('2d')
    if (!own || !context) return
    const ratio = devicePixelRatio
    own.width = width.value * ratio
    own.height = height * ratio
    context.scale(ratio, ratio)
    context.beginPath()
    context.rect(left, top - 4, right - left + 6, bottom - top + 8)
    context.clip()
    for (const one of series) drawSeries(context, one, x, y)
  }, [series, width.value, height, log, dark, low, high])

  const ends = series.map(
    ({ name, curve }) => `${named(name)} ${shortNumber(curve.average[curve.x.length - 1])}`,
  )
  const label = `${yLabel} by ${xLabel}; ${ends.join(', ') || 'no lines yet'}`
  const atPointer = (event: PointerEvent): number => {
    const { left: edge } = (event.currentTarget as Element).getBoundingClientRect()
    const share = (event.clientX - edge - left) / (right - left)
    return low + Math.min(Math.max(share, 0), 1) * (high - low)
  }
  const onKey = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 }
    const now = cursor.value ?? high
    if (event.key in steps) cursor.value = now + (steps[event.key] * (high - low)) / 100
    else if (event.key === 'Home') cursor.value = low
    else if (event.key === 'End') cursor.value = high
    else if (event.key === 'Escape') cursor.value = marked.value = undefined
    else return
    if (cursor.value !== undefined) cursor.value = Math.min(Math.max(cursor.value, low), high)
    event.preventDefault()
  }
  const onUp = (event: PointerEvent): void => {
    const [from, to] = [marked.value, atPointer(event)].toSorted((a = 0, b = 0) => a - b)
    marked.value = undefined
    if (from !== undefined && to !== undefined && x(to) - x(from) > 8) onZoom(from, to)
  }
  const at = cursor.value
  const from = marked.value

  return (
    <div>
      {/* biome-ignore lint/a11y/useSemanticElements: a group of a figure and its cursor, not of fields */}
      <div
        ref={box}
        class="curve"
        role="group"
        aria-label={`${label}. Arrows move the cursor`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move its cursor
        tabIndex={0}
        style={{ height: `${height}px` }}
        onKeyDown={onKey}
        onPointerMove={event => {
          cursor.value = atPointer(event)
        }}
        onPointerLeave={() => {
          cursor.value = marked.value = undefined
        }}
        onPointerDown={event => {
          marked.value = atPointer(event)
        }}
        onPointerUp={onUp}
      >
        <svg width={width.value} height={height} role="img" aria-label={label}>
          <text x={0} y={13}>
            {yLabel}
          </text>
          {y.ticks.map(tick => (
            <g key={tick.text}>
              <line class="grid" x1={left} x2={right} y1={y(tick.at)} y2={y(tick.at)} />
              <text class="faint" x={left - 6} y={y(tick.at) + 4} text-anchor="end">
                {tick.text}
              </text>
            </g>
          ))}
          <line class="axis" x1={left} x2={right} y1={bottom} y2={bottom} />
          {x.ticks.map(tick => (
            <text key={tick.text} class="faint" x={x(tick.at)} y={bottom + 17} text-anchor="middle">
              {tick.text}
            </text>
          ))}
          <text x={(left + right) / 2} y={bottom + 34} text-anchor="middle">
            {xLabel}
          </text>
          {at !== undefined && <line class="axis" x1={x(at)} x2={x(at)} y1={top} y2={bottom} />}
          {at !== undefined && from !== undefined && (
            <rect
              class="marked"
              x={Math.min(x(at), x(from))}
              y={top}
              width={Math.abs(x(at) - x(from))}
              height={bottom - top}
            />
          )}
        </svg>
        <canvas ref={canvas} />
      </div>
      <output class="small faint readout" aria-live="polite">
        {at === undefined ? '' : readout(series, xLabel, at)}
      </output>
    </div>
  )
}
