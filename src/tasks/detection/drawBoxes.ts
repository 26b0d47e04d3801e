/** Boxes with labels over an image, as SVG. */

import { element, fragment, type Markup } from '../../report/markup.ts'

/** A box to draw, in pixels of the image. */
export interface DrawnBox {
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** Written above it. */
  readonly label?: string | undefined
  /** Of the label's background, and of the lines. */
  readonly color: string
  readonly dashed?: boolean | undefined
}

/** Colors that stay apart on photographs, each with white text. */
const COLORS = ['#0072b2', '#d55e00', '#00795a', '#b04f87', '#8a5f00', '#5a4fcf', '#b3261e']

/** The color of a class. */
export const classColor = (label: number): string => COLORS[(label - 1) % COLORS.length]

const boxMarkup = (
  { box: [x, y, width, height], label, color, dashed }: DrawnBox,
  line: number,
  size: { readonly width: number; readonly height: number },
): Markup => {
  const font = 8 * line
  const wide = 0.62 * font * (label?.length ?? 0) + font / 2
  const left = Math.max(Math.min(x - line / 2, size.width - wide), 0)
  // Above the box, or within it where there is no room.
  const top = y >= 1.3 * font ? y - 1.3 * font : y
  return fragment(
    element('rect', {
      x,
      y,
      width,
      height,
      fill: 'none',
      stroke: color,
      'stroke-width': line,
      'stroke-dasharray': dashed ? `${2 * line} ${2 * line}` : undefined,
    }),
    label === undefined
      ? undefined
      : fragment(
          element('rect', { x: left, y: top, width: wide, height: 1.3 * font, fill: color }),
          element(
            'text',
            {
              x: left + font / 4,
              y: top + font,
              fill: '#fff',
              'font-size': font,
              'font-family': 'DejaVu Sans Mono, monospace',
            },
            label,
          ),
        ),
  )
}

/**
 * An SVG of boxes, the last ones on top.
 * @param image - the address of an image that lies under them
 */
export const boxesSvg = (
  size: { readonly width: number; readonly height: number },
  boxes: readonly DrawnBox[],
  image?: string,
): string => {
  const { width, height } = size
  const line = Math.max(Math.min(width, height) / 240, 1.2)
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height },
    image === undefined ? undefined : element('image', { href: image, width, height }),
    ...boxes.map(one => boxMarkup(one, line, size)),
  ).markup
}
