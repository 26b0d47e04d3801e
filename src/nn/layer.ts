/**
 * A layer: a record of named children and a forward function. The names along the way to a
 * parameter, joined by dots, are its weight name: `layer1.0.conv1.weight`, as in PyTorch.
 */

import { formatShape, GraphError } from '../errors/index.ts'
import { type Shape, scope, type Value } from '../graph/index.ts'
import type { RandomStream } from '../random/index.ts'

/** Where a parameter's first values come from: fills a tensor of this shape, row-major. */
export type Initializer = (shape: Shape) => (values: Float32Array, draw: RandomStream) => void

/** A learnable tensor. */
export interface Parameter {
  readonly kind: 'parameter'
  readonly shape: Shape
  readonly initialize: Initializer
}

/** A tensor that training updates without a gradient: running statistics. */
export interface Buffer {
  readonly kind: 'buffer'
  readonly shape: Shape
  readonly initialize: Initializer
}

export interface Layer {
  readonly kind: 'layer'
  readonly children: Children
  /**
   * Names that children draw their first values by, where those are not their own; '' is the
   * layer's. A layer that was put in front of another then leaves the other's values as they were.
   */
  readonly drawnAs?: Readonly<Record<string, string>>
  /** What it is a part of besides its place, such as an attention: names alone do not always say. */
  readonly part?: string
  forward(children: Record<string, never>, x: Value, mode: Mode): Value
}

/** A list's layers are named 0, 1, …; a child that an option leaves out is undefined. */
export type Child = Layer | readonly Layer[] | Parameter | Buffer | undefined
export type Children = Readonly<Record<string, Child>>

type BoundChild<Kind> = Kind extends Layer
  ? (x: Value) => Value
  : Kind extends Parameter | Buffer
    ? Value
    : Kind extends readonly Layer[]
      ? readonly ((x: Value) => Value)[]
      : undefined

/** What `forward` receives for its children: functions for layers, values for tensors. */
export type Bound<Named extends Children> = {
  readonly [Name in keyof Named]: BoundChild<Named[Name]>
}

/** How a network is being traced; the only things a layer knows besides its input. */
export interface Mode {
  /** Whether dropout and its like are active. */
  readonly training: boolean
  /** Whether batch normalization uses the statistics of the batch, and updates the running ones. */
  readonly batchStatistics: boolean
  /** Says what a buffer is to be after this step. */
  update(buffer: Value, next: Value): void
  /** A graph input of the shape, filled anew for each step with 1/(1 − rate) or, at that rate, 0. */
  mask(shape: Shape, rate: number): Value
  /** A graph input of the shape, filled anew for each step with numbers uniform in [0, 1). */
  uniform(shape: Shape): Value
  /**
   * Shows what a layer holds inside, such as the gates of an attention, to whoever looks in; with
   * what that one gives back, if anything, the layer goes on in its place.
   */
  observe?(name: string, value: Value): Value | undefined
}

const noRandomness = (what: 'mask' | 'uniform', shape: Shape): never => {
  throw new GraphError({
    where: what,
    expected: 'a network traced for training',
    got: `inference, for a ${what} of shape ${formatShape(shape)}`,
    hint: `Ask for a ${what} only where mode.training holds`,
  })
}

/** Plain evaluation: running statistics, no dropout. */
export const inference: Mode = {
  training: false,
  batchStatistics: false,
  update: () => {},
  mask: shape => noRandomness('mask', shape),
  uniform: shape => noRandomness('uniform', shape),
}

/**
 * @example
 * const block = layer({ fc: linear(8, 8) }, ({ fc }, x) => relu(fc(x)))
 */
export const layer = <Named extends Children>(
  children: Named,
  forward: (children: Bound<Named>, x: Value, mode: Mode) => Value,
): Layer => ({ kind: 'layer', children, forward: forward as Layer['forward'] })

export const parameter = (shape: Shape, initialize: Initializer): Parameter => ({
  kind: 'parameter',
  shape,
  initialize,
})

export const buffer = (shape: Shape, initialize: Initializer): Buffer => ({
  kind: 'buffer',
  shape,
  initialize,
})

/** A parameter or buffer of a network, under its full name. */
export interface Variable {
  readonly name: string
  /** The name that its first values are drawn by. */
  readonly drawnAs: string
  readonly tensor: Parameter | Buffer
  /** That of the nearest layer around it which has one. */
  readonly part?: string
}

const join = (path: string, name: string): string =>
  path === '' || name === '' ? path + name : `${path}.${name}`

const isList = (child: Child): child is readonly Layer[] => Array.isArray(child)

/** Where in a network a layer stands. */
type Place = Omit<Variable, 'tensor'>
const ROOT: Place = { name: '', drawnAs: '' }

/** All parameters and buffers, in the order in which they are declared. */
export const variables = (layer: Layer, place: Place = ROOT): readonly Variable[] => {
  const { children, drawnAs: names = {}, part = place.part } = layer
  return Object.entries(children).flatMap(([key, child]) => {
    if (child === undefined) return []
    const name = join(place.name, key)
    const drawnAs = join(place.drawnAs, names[key] ?? key)
    const around = part === undefined ? {} : { part }
    if (isList(child))
      return child.flatMap((item, i) =>
        variables(item, { name: join(name, `${i}`), drawnAs: join(drawnAs, `${i}`), ...around }),
      )
    return child.kind === 'layer'
      ? variables(child, { name, drawnAs, ...around })
      : [{ name, drawnAs, tensor: child, ...around }]
  })
}

/**
 * Applies a network to a value, its parameters and buffers looked up by name.
 * @param mode - for all layers, or for each by its path
 */
export const trace = (
  network: Layer,
  lookup: (name: string) => Value,
  x: Value,
  mode: Mode | ((path: string) => Mode) = inference,
): Value => {
  const modeAt = typeof mode === 'function' ? mode : () => mode
  const run = ({ children, forward }: Layer, path: string, x: Value): Value => {
    const bindLayer = (child: Layer, key: string) => (input: Value) =>
      scope(key, () => run(child, join(path, key), input))
    const bind = (child: Exclude<Child, undefined>, key: string) => {
      if (isList(child)) return child.map((item, i) => bindLayer(item, `${key}.${i}`))
      return child.kind === 'layer' ? bindLayer(child, key) : lookup(join(path, key))
    }
    const bound: Record<string, ReturnType<typeof bind>> = {}
    for (const [key, child] of Object.entries(children))
      if (child !== undefined) bound[key] = bind(child, key)
    return forward(bound as Record<string, never>, x, modeAt(path))
  }
  return run(network, '', x)
}
