/** Optimizers as graph, over all parameters in one flat vector. */

import type { Value } from '../graph/index.ts'
import { add, div, exp, mul, sqrt, sub } from '../ops/index.ts'

export interface Update {
  readonly parameters: Value
  readonly gradients: Value
  /** Each weight decay coefficient times its parameter; zero where none applies. */
  readonly decay: Value
  /** The optimizer's own vectors, shaped like the parameters, zero at first. */
  readonly slots: readonly Value[]
  /** Scalar. */
  readonly learningRate: Value
  /** Scalar: 1 at the first update. */
  readonly step: Value
}

/** Makes a step of a gradient. */
export interface Optimizer {
  /** The names of the vectors that it keeps, each as long as the parameters. */
  readonly slots: readonly string[]
  /** Adds the update of one step to the graph. */
  update(update: Update): { readonly parameters: Value; readonly slots: readonly Value[] }
}

/** v ← m·v + g + decay; p ← p − lr·v, or p − lr·(g + decay + m·v) with Nesterov's: PyTorch's SGD. */
export const sgd = ({ momentum = 0.9, nesterov = false } = {}): Optimizer => ({
  slots: ['momentum'],
  update: ({ parameters, gradients, decay, slots: [velocity], learningRate }) => {
    const gradient = add(gradients, decay)
    const next = add(mul(velocity, momentum), gradient)
    const direction = nesterov ? add(gradient, mul(next, momentum)) : next
    return { parameters: sub(parameters, mul(direction, learningRate)), slots: [next] }
  },
})

/** Adam with decoupled weight decay (Loshchilov & Hutter, arXiv:1711.05101, algorithm 2). */
export const adamw = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = {}): Optimizer => ({
  slots: ['expAvg', 'expAvgSq'],
  update: ({ parameters, gradients, decay, slots: [mean, square], learningRate, step }) => {
    const nextMean = add(mul(mean, beta1), mul(gradients, 1 - beta1))
    const nextSquare = add(mul(square, beta2), mul(mul(gradients, gradients), 1 - beta2))
    const unbias = (beta: number): Value => sub(1, exp(mul(step, Math.log(beta))))
    const std = add(sqrt(div(nextSquare, unbias(beta2))), epsilon)
    const direction = add(div(div(nextMean, unbias(beta1)), std), decay)
    return {
      parameters: sub(parameters, mul(direction, learningRate)),
      slots: [nextMean, nextSquare],
    }
  },
})
