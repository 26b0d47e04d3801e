/** The color that transparent images are composed on: the same in training and wherever the network is asked. */

import { UsageError } from '../errors/index.ts'

export const BLACK = '#000000'
const NAMED: Readonly<Record<string, string>> = { black: BLACK, white: '#ffffff', gray: '#808080' }

/**
 * A color as it is written down: `#rrggbb` of that, `#rgb`, `black`, `white` or `gray`.
 * @throws UsageError for any other text
 */
export const backgroundColor = (text: string): string => {
  const color = NAMED[text] ?? text.toLowerCase().replace(/^#(.)(.)(.)$/, '#$1$1$2$2$3$3')
  if (/^#[0-9a-f]{6}$/.test(color)) return color
  throw new UsageError({
    where: 'data.background',
    expected: 'a color, such as white or #ffffff',
    got: text,
  })
}
