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
  /** Tells a parameter from a buffer. */
  readonly kind: 'parameter'
  /** The shape of the tensor. */
  readonly shape: Shape
  /** Draws its first values. */
  readonly initialize: Initializer
}

/** A tensor that training updates without a gradient: running statistics. */
export interface Buffer {
  /** Tells a buffer from a parameter. */
  readonly kind: 'buffer'
  /** The shape of the tensor. */
  readonly shape: Shape
  /** Fills its first values. */
  readonly initialize: Initializer
}

/** Values by name: what layers of several inputs or outputs take and give. */
export type Named = Readonly<Record<string, Value>>
/** One value, or several by name. */
export type Values = Value | Named

/** Whether these are one value. */
export const isValue = (values: Values): values is Value => typeof values.index === 'number'

/** Values as a record: one alone under the name given. */
export const namedValues = (values: Values, name: string): Named =>
  isValue(values) ? { [name]: values } : values

/** A layer of one input and one output, unless its types say otherwise. */
export interface Layer<Input = Value, Output = Value> {
  /** Tells a layer from a tensor. */
  readonly kind: 'layer'
  /** Layers and tensors by the names that paths are made of. */
  readonly children: Children
  /**
   * Names that children draw their first values by, where those are not their own; '' is the
   * layer's. A layer that was put in front of another then leaves the other's values as they were.
   */
  readonly seedNames?: Readonly<Record<string, string>>
  /** What it is besides its place, such as the name of an attention: paths alone do not always say. */
  readonly role?: string
  /** Adds the layer's operations to the graph that `x` belongs to. */
  forward(children: Record<string, never>, x: Input, mode: Mode): Output
}

/** A network: it takes images, and gives what a task judges, one value or several by name. */
export type TaskNetwork = Layer<Value, Values>

/** Any layer: what it takes is known where it is bound. */
export type AnyLayer = Layer<never, unknown>

/** A list's layers are named 0, 1, …; a child that an option leaves out is undefined. */
export type Child = AnyLayer | readonly AnyLayer[] | Parameter | Buffer | undefined
export type Children = Readonly<Record<string, Child>>

type BoundChild<Kind> =
  Kind extends Layer<infer Input, infer Output>
    ? (x: Input) => Output
    : Kind extends Parameter | Buffer
      ? Value
      : Kind extends readonly Layer<infer Input, infer Output>[]
        ? readonly ((x: Input) => Output)[]
        : undefined

/** What `forward` receives for its children: functions for layers, values for tensors. */
export type Bound<Kinds extends Children> = {
  readonly [Name in keyof Kinds]: BoundChild<Kinds[Name]>
}

/** How a network is being traced; the only things a layer knows besides its input. */
export interface Mode {
  /** Whether dropout and its like are active. */
  readonly training: boolean
  /** Whether batch normalization uses the statistics of the batch, and updates the running ones. */
  readonly batchStatistics: boolean
  /** How many processes' parts of a batch these statistics are of; this one's alone unless given. */
  readonly synchronized?: number | undefined
  /** Says what a buffer is to be after this step. */
  update(buffer: Value, next: Value): void
  /** A graph input of the shape, filled anew for each step with 1/(1 − rate) or, at that rate, 0. */
  mask(shape: Shape, rate: number): Value
  /** A graph input of the shape, filled anew for each step with numbers uniform in [0, 1). */
  uniform(shape: Shape): Value
  /** What a batch is trained on, for networks that choose by it what they compute; in training only. */
  readonly targets?: Named | undefined
  /** Receives what a layer has inside at a tap, and may return what to replace it by. */
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
 * Makes a layer of children and a forward function, which may take or give a record of values.
 * @example
 * const block = layer({ fc: linear(8, 8) }, ({ fc }, x) => relu(fc(x)))
 * const heads = layer({ a: linear(8, 2), b: linear(8, 3) }, ({ a, b }, x) => ({ a: a(x), b: b(x) }))
 */
export const layer = <
  Kinds extends Children,
  Input extends Values = Value,
  Output extends Values = Value,
>(
  children: Kinds,
  forward: (children: Bound<Kinds>, x: Input, mode: Mode) => Output,
): Layer<Input, Output> => ({
  kind: 'layer',
  children,
  forward: forward as Layer<Input, Output>['forward'],
})

/** A tensor that is learned. */
export const parameter = (shape: Shape, initialize: Initializer): Parameter => ({
  kind: 'parameter',
  shape,
  initialize,
})

/** A tensor that training updates by itself, such as a running mean. */
export const buffer = (shape: Shape, initialize: Initializer): Buffer => ({
  kind: 'buffer',
  shape,
  initialize,
})

/** A parameter or buffer of a network, under its full name. */
export interface Variable {
  /** The path of its layer and its name there, as in PyTorch's state dictionaries. */
  readonly name: string
  /** The name that its first values are drawn by. */
  readonly seedName: string
  /** What it is, and of which shape. */
  readonly tensor: Parameter | Buffer
  /** The role of the nearest layer around it which has one. */
  readonly role?: string | undefined
}

const join = (path: string, name: string): string =>
  path === '' || name === '' ? path + name : `${path}.${name}`

const isList = (child: Child): child is readonly AnyLayer[] => Array.isArray(child)

/** Where in a network a layer stands. */
type Place = Omit<Variable, 'tensor'>
const ROOT: Place = { name: '', seedName: '' }

/** All parameters and buffers, in the order in which they are declared. */
export const variables = (layer: AnyLayer, place: Place = ROOT): readonly Variable[] => {
  const { children, seedNames = {}, role = place.role } = layer
  return Object.entries(children).flatMap(([key, child]) => {
    if (child === undefined) return []
    const own = {
      name: join(place.name, key),
      seedName: join(place.seedName, seedNames[key] ?? key),
      role,
    }
    if (isList(child))
      return child.flatMap((item, i) =>
        variables(item, {
          name: join(own.name, `${i}`),
          seedName: join(own.seedName, `${i}`),
          role,
        }),
      )
    return child.kind === 'layer' ? variables(child, own) : [{ ...own, tensor: child }]
  })
}

/**
 * Applies a network to a value or a record of them, its parameters and buffers looked up by name.
 * @param mode - for all layers, or for each by its path
 */
export const trace = <Input, Output>(
  network: Layer<Input, Output>,
  lookup: (name: string) => Value,
  x: Input,
  mode: Mode | ((path: string) => Mode) = inference,
): Output => {
  const modeAt = typeof mode === 'function' ? mode : () => mode
  const run = <In, Out>({ children, forward }: Layer<In, Out>, path: string, x: In): Out => {
    const bindLayer = (child: AnyLayer, key: string) => (x: never) =>
      scope(key, () => run(child, join(path, key), x))
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
