/** Elements of HTML and SVG as text, escaped in one place. */

import { visible } from '../text/visible.ts'

/** Text that is markup already. */
export interface Markup {
  readonly markup: string
}

/** Strings become text; what an option leaves out is skipped. */
export type Content = Markup | string | undefined

export type Attributes = Readonly<Record<string, string | number | undefined>>

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
/** Names may be anybody's; a number stays beside its sign. */
const escaped = (text: string): string =>
  visible(text)
    .replace(/[&<>"]/g, sign => ENTITIES[sign])
    .replaceAll(' %', '\u00a0%')

/** Elements of HTML without an end. */
const VOID = new Set(['meta', 'img', 'br', 'link'])

export const raw = (markup: string): Markup => ({ markup })

/** Two decimals are enough for pixels, and halve the size of a figure. */
const attributeText = (value: string | number): string =>
  typeof value === 'number' ? `${Math.round(value * 100) / 100}` : escaped(value)

const contentText = (content: Content): string =>
  content === undefined ? '' : typeof content === 'string' ? escaped(content) : content.markup

export const fragment = (...contents: readonly Content[]): Markup =>
  raw(contents.map(contentText).join(''))

/**
 * @example
 * element('a', { href: '#cost' }, 'Cost')
 */
export const element = (
  name: string,
  attributes: Attributes = {},
  ...contents: readonly Content[]
): Markup => {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${attributeText(value)}"`],
  )
  const start = `<${name}${written.join('')}>`
  return raw(VOID.has(name) ? start : `${start}${contents.map(contentText).join('')}</${name}>`)
}
