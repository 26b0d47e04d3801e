/** A layer that shows what comes in and what goes out to whoever looks in, who may exchange the latter. */

import type { Layer } from './layer.ts'

export const shown = (inner: Layer): Layer => ({
  ...inner,
  forward: (children, x, mode) => {
    const y = inner.forward(children, x, mode)
    mode.observe?.('input', x)
    return mode.observe?.('output', y) ?? y
  },
})
