/** A figure: a drawing of known size, alone as an SVG file or inline on a page. */

import { FIGURE_STYLE } from './colors.ts'
import { element, fragment, type Markup, raw } from './markup.ts'

export interface Figure {
  readonly width: number
  readonly height: number
  readonly drawing: Markup
}

const signWidth = (sign: string): number =>
  /[mwMW]/.test(sign) ? 12 : /\p{Lu}/u.test(sign) ? 9 : 7

/** Text takes about this many pixels; fonts differ, so a little more than most. */
export const textWidth = (text: string): number =>
  [...text].reduce((width, sign) => width + signWidth(sign), 0)

/** Figures side by side, row after row, as one. */
export const arrange = (figures: readonly Figure[], columns: number, gap = 16): Figure => {
  const rows = Array.from({ length: Math.ceil(figures.length / columns) }, (_, row) =>
    figures.slice(row * columns, (row + 1) * columns),
  )
  let top = 0
  let right = 0
  const placed: Markup[] = []
  for (const row of rows) {
    let left = 0
    for (const { width, drawing } of row) {
      placed.push(element('g', { transform: `translate(${left} ${top})` }, drawing))
      left += width + gap
    }
    right = Math.max(right, left - gap)
    top += Math.max(...row.map(({ height }) => height)) + gap
  }
  return { width: right, height: Math.max(top - gap, 0), drawing: fragment(...placed) }
}

/** @param label - what the figure shows, for those who do not see it */
export const inlineSvg = ({ width, height, drawing }: Figure, label: string): Markup =>
  element(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label },
    drawing,
  )

/** White around a figure that stands alone. */
const MARGIN = 12

/**
 * The text of an SVG file, which follows light and dark like the page.
 * @param label - what the figure shows, for those who do not see it
 */
export const svgFile = ({ width, height, drawing }: Figure, label: string): string => {
  const [w, h] = [width + 2 * MARGIN, height + 2 * MARGIN]
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `${-MARGIN} ${-MARGIN} ${w} ${h}`,
    width: w,
    height: h,
  }
  const paper = element('rect', { class: 'paper', x: -MARGIN, y: -MARGIN, width: w, height: h })
  const style = element('style', {}, raw(FIGURE_STYLE))
  return `${element('svg', attributes, element('title', {}, label), style, paper, drawing).markup}\n`
}
