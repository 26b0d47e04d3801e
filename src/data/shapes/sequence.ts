/** Random draws one after the other, where an image needs many of its own. */

import type { RandomStream } from '../../random/index.ts'

export const sequence = (draw: RandomStream) => {
  let index = 0
  return {
    between: (low: number, high: number): number => low + draw.uniform(index++) * (high - low),
    pick: <Item>(items: readonly Item[]): Item => items[draw.below(index++, items.length)],
  }
}
export type Sequence = ReturnType<typeof sequence>
