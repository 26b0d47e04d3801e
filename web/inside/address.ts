/** What the address says of "Look inside". */

import { choice, flag, number, type StateOf, text } from '../frame/state.ts'
import { CLASS_NAMES, TEXTURE_NAMES } from './names.ts'

/** The networks that come with the page. */
export const SHIPPED = ['sk-resnet8', 'se-resnet8', 'gct-resnet8'] as const

export const FIELDS = {
  net: choice<string>(SHIPPED[0], SHIPPED),
  class: choice<string>('star', CLASS_NAMES),
  scale: number(1, 0.5, 2),
  x: number(0.5, 0, 1),
  y: number(0.5, 0, 1),
  turn: number(0, 0, 1),
  hue: number(0.1, 0, 1),
  texture: choice<string>('plain', TEXTURE_NAMES),
  background: number(3, 0, 999),
  /** Blocks without their attention, by their names. */
  off: text(''),
  cam: flag(),
}
export type InsideState = StateOf<typeof FIELDS>
