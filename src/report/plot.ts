/** A plot: marks in one pair of axes, with direct labels at the ends of its lines. */

import { type Color, fillClass } from './colors.ts'
import { type Area, draw, extent, type Mark } from './marks.ts'
import { element, fragment, type Markup } from './markup.ts'
import { type Axis, type Scale, scaleOf } from './scale.ts'
import { type Figure, textWidth } from './svg.ts'

export interface PlotOptions {
  readonly title?: string
  readonly width?: number
  readonly height?: number
  readonly x?: Axis
  readonly y?: Axis
  readonly marks: readonly Mark[]
}

const LINE_HEIGHT = 14

interface EndLabel {
  readonly text: string
  readonly color: Color
  readonly x: number
  y: number
}

/** Those that share a stretch of the horizontal, and may cover each other. */
const neighbors = (labels: readonly EndLabel[]): EndLabel[][] => {
  const groups: EndLabel[][] = []
  let right = Number.NEGATIVE_INFINITY
  for (const label of labels.toSorted((a, b) => a.x - b.x)) {
    if (label.x > right) groups.push([])
    groups[groups.length - 1].push(label)
    right = Math.max(right, label.x + textWidth(label.text))
  }
  return groups
}

/** Moves labels apart, downwards first, and up again from the bottom. */
const spread = (labels: EndLabel[], { top, bottom }: Area): void => {
  labels.sort((a, b) => a.y - b.y)
  for (let i = 1; i < labels.length; i++)
    labels[i].y = Math.max(labels[i].y, labels[i - 1].y + LINE_HEIGHT)
  let limit = bottom
  for (const label of labels.toReversed()) {
    label.y = Math.max(Math.min(label.y, limit), top)
    limit = label.y - LINE_HEIGHT
  }
}

/** Labels at the ends of lines, moved apart where they would cover each other. */
const endLabels = (marks: readonly Mark[], x: Scale, y: Scale, area: Area): Markup => {
  const labels = marks.flatMap((mark): EndLabel[] => {
    if ((mark.kind !== 'line' && mark.kind !== 'dots') || mark.label === undefined) return []
    const last = mark.points.findLast(([, value]) => Number.isFinite(value))
    if (last === undefined) return []
    return [{ text: mark.label, color: mark.color ?? 0, x: x(last[0]) + 7, y: y(last[1]) }]
  })
  for (const group of neighbors(labels)) spread(group, area)
  return fragment(
    ...labels.map(({ text, color, x, y }) =>
      element('text', { class: `halo ${fillClass(color)}`, x, y: y + 4 }, text),
    ),
  )
}

/** Ticks whose texts leave room for each other, from the left; the last of two that touch is left out. */
const spaced = (scale: Scale): Scale['ticks'] => {
  let free = Number.NEGATIVE_INFINITY
  return scale.ticks.filter(({ at, text }) => {
    const half = textWidth(text) / 2
    if (scale(at) - half < free) return false
    free = scale(at) + half + 4
    return true
  })
}

const xAxis = ({ label }: Axis, scale: Scale, { left, right, bottom }: Area): Markup =>
  fragment(
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...spaced(scale).map(({ at, text }) =>
      fragment(
        element('line', {
          class: 'axis',
          x1: scale(at),
          x2: scale(at),
          y1: bottom,
          y2: bottom + 4,
        }),
        element(
          'text',
          { class: 'faint', x: scale(at), y: bottom + 17, 'text-anchor': 'middle' },
          text,
        ),
      ),
    ),
    label === undefined
      ? undefined
      : element('text', { x: (left + right) / 2, y: bottom + 35, 'text-anchor': 'middle' }, label),
  )

/** Its label stands above the axis, where it reads without turning the head. */
const yAxis = ({ label }: Axis, scale: Scale, { left, right }: Area, labelAt: number): Markup =>
  fragment(
    ...scale.ticks.map(({ at, text }) =>
      fragment(
        element('line', { class: 'grid', x1: left, x2: right, y1: scale(at), y2: scale(at) }),
        element(
          'text',
          { class: 'faint', x: left - 6, y: scale(at) + 4, 'text-anchor': 'end' },
          text,
        ),
      ),
    ),
    label === undefined ? undefined : element('text', { x: 0, y: labelAt }, label),
  )

/**
 * Draws a plot. Axes hold all marks unless they have a domain of their own.
 * @example
 * plot({
 *   x: { label: 'epoch' },
 *   y: { label: 'accuracy (%)' },
 *   marks: [{ kind: 'line', points: [[1, 88.1], [2, 90.4]], label: 'SE' }],
 * })
 */
export const plot = ({
  title,
  width = 360,
  height = 240,
  x: horizontal = {},
  y: vertical = {},
  marks,
}: PlotOptions): Figure => {
  const values = marks.map(extent)
  const above = marks.some(mark => mark.kind === 'rule' && mark.x !== undefined && mark.label)
    ? LINE_HEIGHT
    : 0
  const heading = 8 + (title === undefined ? 0 : 20) + (vertical.label === undefined ? 0 : 18)
  const top = heading + above
  const bottom = height - (horizontal.label === undefined ? 24 : 42)
  const y = scaleOf(
    vertical,
    values.flatMap(value => value.y),
    vertical.categories === undefined ? [bottom, top] : [top, bottom],
    40,
  )
  const left = Math.max(...y.ticks.map(({ text }) => textWidth(text)), 10) + 10
  const labeled = marks.flatMap(mark =>
    (mark.kind === 'line' || mark.kind === 'dots') && mark.label !== undefined ? [mark.label] : [],
  )
  const right = width - Math.max(...labeled.map(text => textWidth(text) + 10), 12)
  const x = scaleOf(
    horizontal,
    values.flatMap(value => value.x),
    [left, right],
  )
  const area = { left, right, top, bottom }
  return {
    width,
    height,
    drawing: fragment(
      title === undefined ? undefined : element('text', { class: 'title', x: 0, y: 13 }, title),
      yAxis(vertical, y, area, heading - 10),
      xAxis(horizontal, x, area),
      ...marks.map(mark => draw(mark, x, y, area)),
      endLabels(marks, x, y, area),
    ),
  }
}
