/**
 * Inception modules as data (Szegedy et al., arXiv:1512.00567, section 6): branches of convolutions,
 * concatenated. SE stands on the concatenation (SENet, section 3.3); GCT before each convolution.
 */

import type { Value } from '../graph/index.ts'
import { batchNorm2d, type Layer, layer } from '../nn/index.ts'
import { averagePool, concat, maxPool, type PerAxis, relu } from '../ops/index.ts'
import type { Sockets } from './sockets.ts'

/** A convolution with batch normalization and ReLU; its name may hold dots, as paths of weights do. */
export type Step = readonly [
  name: string,
  outputs: number,
  kernel: PerAxis,
  options?: { readonly stride?: number; readonly padding?: PerAxis },
]

export interface Branch {
  /** In front of the steps: average keeps the size, max does so at stride 1. */
  readonly pool?: 'average' | 'max'
  readonly steps: readonly Step[]
  /** Two or more convolutions side by side at the end. */
  readonly fork?: readonly Step[]
}

export interface ModuleOptions {
  readonly epsilon: number
  readonly sockets: Sockets
  /** Of a module that halves the map: what its branch without convolutions does; a max pooling without padding. */
  halve?(x: Value): Value
  /** Whether padding counts in an average. */
  readonly countIncludePad?: boolean
}

const same = (kernel: PerAxis): PerAxis =>
  typeof kernel === 'number' ? (kernel - 1) / 2 : kernel.map(size => (size - 1) / 2)

export const step = (
  channels: number,
  [, outputs, kernel, { stride = 1, padding = same(kernel) } = {}]: Step,
  { epsilon, sockets }: ModuleOptions,
): Layer =>
  layer(
    {
      conv: sockets.convolution(channels, outputs, kernel, { stride, padding }),
      bn: batchNorm2d(outputs, { epsilon }),
    },
    ({ conv, bn }, x) => relu(bn(conv(x))),
  )

type Child = (x: Parameters<typeof relu>[0]) => ReturnType<typeof relu>

/** A module's convolutions, their use, and the channels they give. */
export const branches = (
  channels: number,
  all: readonly Branch[],
  options: ModuleOptions,
): {
  children: Readonly<Record<string, Layer>>
  forward(children: Readonly<Record<string, Child>>, x: Parameters<Child>[0]): ReturnType<Child>
  outputs: number
} => {
  const children: Record<string, Layer> = {}
  let outputs = 0
  for (const { steps, fork = [] } of all) {
    let inputs = channels
    for (const one of steps) {
      children[one[0]] = step(inputs, one, options)
      inputs = one[1]
    }
    for (const one of fork) children[one[0]] = step(inputs, one, options)
    outputs += fork.length > 0 ? fork.reduce((sum, [, width]) => sum + width, 0) : inputs
  }
  const { halve = x => maxPool(x, { kernel: 3, stride: 2 }), countIncludePad = true } = options
  const pools = {
    average: (x: Parameters<Child>[0]) =>
      averagePool(x, { kernel: 3, padding: 1, countIncludePad }),
    max: (x: Parameters<Child>[0], strides: boolean) =>
      strides ? halve(x) : maxPool(x, { kernel: 3, padding: 1 }),
  }
  return {
    children,
    outputs,
    forward: (bound, x) =>
      concat(
        all.flatMap(({ pool, steps, fork }) => {
          // A pooling branch without convolutions is that of a module which halves the map.
          const pooled = pool === undefined ? x : pools[pool](x, steps.length === 0)
          const y = steps.reduce((y, [name]) => bound[name](y), pooled)
          return fork === undefined ? [y] : fork.map(([name]) => bound[name](y))
        }),
        1,
      ),
  }
}

/** A module with its socket, and the channels that it gives. */
export const inceptionModule = (
  channels: number,
  all: readonly Branch[],
  options: ModuleOptions,
): { module: Layer; outputs: number } => {
  const { children, forward, outputs } = branches(channels, all, options)
  const recalibrated = options.sockets.unit(channels, outputs)
  return {
    outputs,
    module: layer({ ...children, ...recalibrated.children }, (bound, x) => {
      const recalibrate = recalibrated.bind(bound)
      return recalibrate('standard', forward(bound, recalibrate('pre', x)))
    }),
  }
}
