/** Axes that memory goes through as one become one: so most maps have a single axis. */

import type { Axis } from './expression.ts'
import { whole } from './indexing.ts'
import type { Kernel } from './kernel.ts'
import { indicesOf, stepOf, substituteAxes } from './traverse.ts'

/** The first of two neighbors where every index goes on from the end of the inner to the next of the outer. */
const mergeable = (kernel: Kernel, axes: readonly Axis[]): number =>
  axes.findIndex((outer, i) => {
    const inner = axes[i + 1]
    if (inner === undefined) return false
    return indicesOf(kernel).every(index => {
      const [far, near] = [stepOf(index, outer), stepOf(index, inner)]
      return far !== undefined && near !== undefined && far === near * inner.extent
    })
  })

const merged = (axes: readonly Axis[], first: number): Axis[] => {
  const [outer, inner] = axes.slice(first)
  return axes.toSpliced(first, 2, { id: inner.id, extent: outer.extent * inner.extent })
}

/** Merges axes of a kernel, and those of its fold, as far as its indices allow. */
export const collapse = (given: Kernel): Kernel => {
  let kernel = given
  for (;;) {
    const { axes, fold } = kernel
    const own = mergeable(kernel, axes)
    const folded = fold === undefined || own >= 0 ? -1 : mergeable(kernel, fold.axes)
    if (own < 0 && folded < 0) return kernel
    const gone = own >= 0 ? axes[own] : (fold?.axes[folded] as Axis)
    const left = own >= 0 ? { axes: merged(axes, own) } : {}
    const { fold: now, ...rest } = substituteAxes(kernel, new Map([[gone.id, whole(0)]]))
    kernel = {
      ...rest,
      ...left,
      fold: now && folded >= 0 ? { ...now, axes: merged(now.axes, folded) } : now,
    }
  }
}
