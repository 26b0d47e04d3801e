/** Held inputs, for engines that take all inputs with every run and give all outputs back. */

import { EngineError } from '../errors/index.ts'
import { type Graph, sizeOf, type Value } from '../graph/index.ts'
import { type Compiled, checkInputs, type Tensor, type Tensors } from './engine.ts'

/** A graph's inputs: those that come with every run, and those that are held. */
export interface Inputs {
  readonly fed: readonly Value[]
  readonly held: readonly Value[]
}

/** @throws EngineError for a held name that is no input of the graph */
export const partInputs = ({ inputs }: Pick<Graph, 'inputs'>, names: readonly string[]): Inputs => {
  for (const name of names)
    if (!inputs.some(value => value.name === name))
      throw new EngineError({
        where: `held ${name}`,
        expected: 'an input of the graph',
        got: inputs.map(value => value.name).join(', '),
      })
  const isHeld = ({ name = '' }: Value): boolean => names.includes(name)
  return { fed: inputs.filter(value => !isHeld(value)), held: inputs.filter(isHeld) }
}

/** @throws EngineError where none of the held inputs has this name */
export const heldInput = ({ held }: Inputs, name: string): Value => {
  const value = held.find(input => input.name === name)
  if (value !== undefined) return value
  throw new EngineError({
    where: `hold ${name}`,
    expected: `one of the held inputs (${held.map(input => input.name).join(', ') || 'none'})`,
    got: name,
  })
}

/** Those of the held inputs that are put in their places, each checked. */
export const checkHeld = (inputs: Inputs, tensors: Tensors): readonly Value[] => {
  const given = Object.keys(tensors).map(name => heldInput(inputs, name))
  checkInputs(given, tensors)
  return given
}

export const notHeld = (name: string): EngineError =>
  new EngineError({
    where: `held ${name}`,
    expected: 'an input that was put in its place',
    got: 'nothing',
    hint: 'Call hold first',
  })

/** Holds tensors for an engine that does not: the outputs of a run are the next one's inputs. */
export const holding = (
  graph: Pick<Graph, 'inputs'>,
  names: readonly string[] = [],
  run: (inputs: Tensors) => Promise<Tensors>,
): Omit<Compiled, 'dispose'> => {
  const inputs = partInputs(graph, names)
  let now: Tensors = {}
  let before: Tensors = {}
  return {
    run: async tensors => {
      checkInputs(inputs.fed, tensors)
      checkInputs(inputs.held, now)
      before = now
      const results = Object.entries(await run({ ...tensors, ...now }))
      const isHeld = ([name]: [string, Tensor]): boolean => names.includes(name)
      now = { ...now, ...Object.fromEntries(results.filter(isHeld)) }
      return Object.fromEntries(results.filter(result => !isHeld(result)))
    },
    hold: tensors => {
      checkHeld(inputs, tensors)
      now = { ...now, ...tensors }
      before = now
    },
    fill: (name, write) => {
      const { shape } = heldInput(inputs, name)
      const data = new Float32Array(sizeOf(shape))
      write(data)
      now = { ...now, [name]: { shape, data } }
      before = now
    },
    held: name => {
      const tensor = now[name]
      if (tensor === undefined) throw notHeld(name)
      return tensor
    },
    undo: () => {
      now = before
    },
  }
}

/**
 * Fixed inputs as tensors of the graph's shapes.
 * @throws EngineError for one of another size than the graph's
 */
export const fixedTensors = (
  { inputs }: Pick<Graph, 'inputs'>,
  fixed: ReadonlyMap<string, Float32Array> = new Map(),
): Tensors => {
  const own = inputs.filter(({ name = '' }) => fixed.has(name))
  const tensors = Object.fromEntries(
    own.map(({ name = '', shape }) => [name, { shape, data: fixed.get(name) as Float32Array }]),
  )
  checkInputs(own, tensors)
  return tensors
}
