/** ReLU with sockets: for networks without shortcuts, where attention follows the non-linearity. */

import { type Layer, layer } from '../nn/index.ts'
import { relu } from '../ops/index.ts'
import type { Sockets } from './sockets.ts'

/** What a ReLU offers: `inside` in front of it, `standard` after it. */
export const activation = ({ unit }: Sockets, channels: number): Layer => {
  const recalibrated = unit(channels, channels)
  return layer({ ...recalibrated.children }, (children, x) => {
    const recalibrate = recalibrated.bind(children)
    return recalibrate('standard', relu(recalibrate('inside', x)))
  })
}
