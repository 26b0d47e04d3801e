/** What a plot is made of, as data, and how each is drawn. */

import { area, line } from 'd3-shape'
import { type Color, fillClass, strokeClass } from './colors.ts'
import { element, fragment, type Markup } from './markup.ts'
import type { Scale } from './scale.ts'

export type Point = readonly [x: number, y: number]
/** Where, and from where to where. */
export type Range = readonly [at: number, low: number, high: number]

export interface Line {
  readonly kind: 'line'
  readonly points: readonly Point[]
  readonly color?: Color | undefined
  /** Written at its end. */
  readonly label?: string | undefined
  readonly dashed?: boolean | undefined
  readonly width?: number | undefined
}
/** A region between two heights at each x: a spread. */
export interface Band {
  readonly kind: 'band'
  readonly ranges: readonly Range[]
  readonly color?: Color | undefined
}
export interface Dots {
  readonly kind: 'dots'
  readonly points: readonly Point[]
  readonly color?: Color | undefined
  readonly radius?: number | undefined
  readonly opacity?: number | undefined
  /** Written right of the last one. */
  readonly label?: string | undefined
}
/** Error bars: upright at an x, or lying at a y. */
export interface Intervals {
  readonly kind: 'intervals'
  readonly ranges: readonly Range[]
  readonly lying?: boolean
  readonly color?: Color | undefined
  /** All that can be: what goes beyond is cut off, and an arrowhead says so. */
  readonly within?: readonly [low: number, high: number] | undefined
}
/** Bars from 0: upright at an x, or lying at a y. `width` is in units of the axis. */
export interface Bars {
  readonly kind: 'bars'
  readonly points: readonly Point[]
  readonly lying?: boolean
  readonly width?: number | undefined
  readonly color?: Color | undefined
}
/** A line across the plot, to compare with; the label of one that is upright stands above the plot. */
export interface Rule {
  readonly kind: 'rule'
  readonly x?: number
  readonly y?: number
  readonly label?: string | undefined
}
export interface Note {
  readonly kind: 'note'
  readonly at: Point
  readonly text: string
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly color?: Color | undefined
}
export type Mark = Line | Band | Dots | Intervals | Bars | Rule | Note

const ANY = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

/** The ends of an interval as drawn, and whether each is cut off. */
const endsOf = ([at, low, high]: Range, { within: [least, most] = ANY, lying }: Intervals) =>
  [low, high].map(end => {
    const drawn = Math.min(Math.max(end, least), most)
    return { point: (lying ? [drawn, at] : [at, drawn]) as Point, isCut: drawn !== end }
  })

/** The size of an arrowhead, in pixels. */
const HEAD = 4

/** An open arrowhead at the second of two places. */
const arrowhead = ([fromX, fromY]: Point, [x, y]: Point): Markup => {
  const [dx, dy] = [HEAD * Math.sign(x - fromX), HEAD * Math.sign(y - fromY)]
  const head: Point[] = [
    [x - dx - dy, y - dy - dx],
    [x, y],
    [x - dx + dy, y - dy + dx],
  ]
  return element('path', { d: line<Point>().digits(2)(head) ?? '' })
}

/** All values of a mark along x and along y: what its axes must hold. */
export const extent = (
  mark: Mark,
): { readonly x: readonly number[]; readonly y: readonly number[] } => {
  switch (mark.kind) {
    case 'line':
    case 'dots':
      return { x: mark.points.map(([x]) => x), y: mark.points.map(([, y]) => y) }
    case 'bars': {
      const [x, y] = [mark.points.map(([x]) => x), mark.points.map(([, y]) => y)]
      return mark.lying ? { x: [0, ...x], y } : { x, y: [0, ...y] }
    }
    case 'band':
      return {
        x: mark.ranges.map(([at]) => at),
        y: mark.ranges.flatMap(([, low, high]) => [low, high]),
      }
    case 'intervals': {
      const points = mark.ranges.flatMap(range => endsOf(range, mark)).map(({ point }) => point)
      return { x: points.map(([x]) => x), y: points.map(([, y]) => y) }
    }
    case 'rule':
      return { x: mark.x === undefined ? [] : [mark.x], y: mark.y === undefined ? [] : [mark.y] }
    case 'note':
      return { x: [mark.at[0]], y: [mark.at[1]] }
  }
}

/** The plot area, in pixels. */
export interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export const draw = (
  mark: Mark,
  x: Scale,
  y: Scale,
  { left, right, top, bottom }: Area,
): Markup => {
  switch (mark.kind) {
    case 'line':
      return element('path', {
        class: strokeClass(mark.color ?? 0),
        // The line is broken where a value is missing.
        d:
          line<Point>()
            .digits(2)
            .defined(([a, b]) => Number.isFinite(x(a)) && Number.isFinite(y(b)))
            .x(([a]) => x(a))
            .y(([, b]) => y(b))(mark.points) ?? '',
        'stroke-width': mark.width ?? 1.6,
        'stroke-linejoin': 'round',
        'stroke-dasharray': mark.dashed ? '4 3' : undefined,
      })
    case 'band':
      return element('path', {
        class: fillClass(mark.color ?? 0),
        d:
          area<Range>()
            .digits(2)
            .x(([at]) => x(at))
            .y0(([, low]) => y(low))
            .y1(([, , high]) => y(high))(mark.ranges) ?? '',
        'fill-opacity': 0.18,
      })
    case 'dots':
      return element(
        'g',
        { class: fillClass(mark.color ?? 0), 'fill-opacity': mark.opacity },
        ...mark.points.map(([a, b]) =>
          element('circle', { cx: x(a), cy: y(b), r: mark.radius ?? 3 }),
        ),
      )
    case 'intervals':
      return element(
        'g',
        { class: strokeClass(mark.color ?? 0), 'stroke-width': 1.6, fill: 'none' },
        ...mark.ranges.flatMap(range => {
          const ends = endsOf(range, mark)
          const [from, to] = ends.map(({ point: [a, b] }): Point => [x(a), y(b)])
          const [[x1, y1], [x2, y2]] = [from, to]
          return [
            element('line', { x1, x2, y1, y2 }),
            ends[0].isCut ? arrowhead(to, from) : undefined,
            ends[1].isCut ? arrowhead(from, to) : undefined,
          ]
        }),
      )
    case 'bars': {
      const half = (mark.width ?? 0.8) / 2
      return element(
        'g',
        { class: fillClass(mark.color ?? 0) },
        ...mark.points.map(([a, b]) => {
          const [x1, x2] = mark.lying ? [x(0), x(a)] : [x(a - half), x(a + half)]
          const [y1, y2] = mark.lying ? [y(b - half), y(b + half)] : [y(0), y(b)]
          return element('rect', {
            x: Math.min(x1, x2),
            y: Math.min(y1, y2),
            width: Math.abs(x2 - x1),
            height: Math.abs(y2 - y1),
          })
        }),
      )
    }
    case 'rule': {
      const upright = mark.x !== undefined
      const at = upright ? x(mark.x as number) : y(mark.y ?? 0)
      const across = upright
        ? { x1: at, x2: at, y1: top, y2: bottom }
        : { x1: left, x2: right, y1: at, y2: at }
      const label = upright
        ? { x: at, y: top - 4, 'text-anchor': 'middle' }
        : { x: right - 2, y: at - 4, 'text-anchor': 'end' }
      return fragment(
        element('line', { class: 'axis', 'stroke-dasharray': '2 2', ...across }),
        mark.label === undefined
          ? undefined
          : element('text', { class: 'faint halo', ...label }, mark.label),
      )
    }
    case 'note':
      return element(
        'text',
        {
          class: `halo ${fillClass(mark.color ?? 'ink')}`,
          x: x(mark.at[0]),
          y: y(mark.at[1]) + 4,
          'text-anchor': mark.anchor ?? 'start',
        },
        mark.text,
      )
  }
}
