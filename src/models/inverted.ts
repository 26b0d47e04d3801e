/**
 * Inverted residuals with their own squeeze-and-excitation, as in MobileNetV3 (Howard et al.,
 * arXiv:1905.02244) and EfficientNet (Tan, Le, arXiv:1905.11946): 1×1 that widens, depthwise, SE,
 * 1×1 that narrows. Weight names are torchvision's.
 */

import type { Value } from '../graph/index.ts'
import {
  batchNorm2d,
  conv2d,
  globalAveragePool,
  type Initializer,
  init,
  type Layer,
  lambda,
  layer,
  sequential,
  tap,
  tapEnds,
} from '../nn/index.ts'
import { add, mul } from '../ops/index.ts'

type Function = (x: Value) => Value

/** How a network normalizes, begins, and what its SE is made of. */
export interface Style {
  readonly epsilon: number
  readonly momentum: number
  readonly initialize: Initializer | undefined
  /** The non-linearities of the hidden layer and of the gate. */
  readonly excitation: readonly [hidden: Function, gate: Function]
}

export interface Inverted {
  readonly channels: number
  readonly expanded: number
  readonly outputs: number
  readonly kernel: number
  readonly stride: number
  readonly activate: Function
  /** The hidden features of its SE; none without. */
  readonly squeeze?: number | undefined
}

/** Convolution, batch normalization and, where given, a non-linearity: 0, 1 and 2. */
export const normalized = (
  [channels, outputs, kernel]: readonly [channels: number, outputs: number, kernel: number],
  { epsilon, momentum, initialize = init.heNormal }: Style,
  { stride = 1, group = 1, activate }: { stride?: number; group?: number; activate?: Function },
): Layer =>
  sequential(
    conv2d(channels, outputs, kernel, { stride, padding: (kernel - 1) / 2, group, initialize }),
    batchNorm2d(outputs, { epsilon, momentum }),
    ...(activate === undefined ? [] : [lambda(activate)]),
  )

/** Both layers are 1×1 convolutions with biases. */
const excitation = (
  channels: number,
  squeeze: number,
  [hidden, gate]: Style['excitation'],
): Layer =>
  tapEnds(
    layer(
      {
        fc1: conv2d(channels, squeeze, 1, { bias: true }),
        fc2: conv2d(squeeze, channels, 1, { bias: true }),
      },
      ({ fc1, fc2 }, u, mode) => {
        const s = gate(fc2(hidden(fc1(globalAveragePool(u)))))
        return mul(u, tap(mode, 'gate', s))
      },
    ),
  )

/** The input is added where shapes agree; no non-linearity follows. */
export const inverted = (unit: Inverted, style: Style): Layer => {
  const { channels, expanded, outputs, kernel, stride, activate, squeeze } = unit
  const block = sequential(
    ...(expanded === channels ? [] : [normalized([channels, expanded, 1], style, { activate })]),
    normalized([expanded, expanded, kernel], style, { stride, group: expanded, activate }),
    ...(squeeze === undefined ? [] : [excitation(expanded, squeeze, style.excitation)]),
    normalized([expanded, outputs, 1], style, {}),
  )
  const shortcut = stride === 1 && channels === outputs
  return layer({ block }, ({ block }, x) => (shortcut ? add(block(x), x) : block(x)))
}
