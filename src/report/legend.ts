/** Names of the colors that several plots share, where a label in each would be in the way. */

import { type Color, fillClass } from './colors.ts'
import { element, fragment, type Markup } from './markup.ts'
import { type Figure, textWidth } from './svg.ts'

export interface Key {
  readonly text: string
  readonly color: Color
}

const ROW = 18

export const legend = (keys: readonly Key[], width = 344): Figure => {
  let [left, top] = [0, 0]
  const placed: Markup[] = []
  for (const { text, color } of keys) {
    const needed = textWidth(text) + 26
    if (left > 0 && left + needed > width) {
      left = 0
      top += ROW
    }
    placed.push(
      element('rect', { class: fillClass(color), x: left, y: top + 5, width: 12, height: 4 }),
      element('text', { class: fillClass(color), x: left + 17, y: top + 12 }, text),
    )
    left += needed
  }
  return { width, height: top + ROW, drawing: fragment(...placed) }
}
