/** State and constants of a graph: which inputs they are, and how an engine keeps state that takes all inputs anew with every run. */

import { EngineError } from '../errors/index.ts'
import { type Graph, sizeOf, type Value } from '../graph/index.ts'
import { type Compiled, checkInputs, type Tensor, type Tensors } from './engine.ts'

/** A graph's inputs: those that come with every run, and those that stay with the engine. */
export interface Inputs {
  readonly fed: readonly Value[]
  readonly state: readonly Value[]
}

/** @throws EngineError for a name that is no input of the graph */
export const splitInputs = (
  { inputs }: Pick<Graph, 'inputs'>,
  names: readonly string[],
): Inputs => {
  for (const name of names)
    if (!inputs.some(value => value.name === name))
      throw new EngineError({
        where: `state ${name}`,
        expected: 'an input of the graph',
        got: inputs.map(value => value.name).join(', '),
      })
  const isState = ({ name = '' }: Value): boolean => names.includes(name)
  return { fed: inputs.filter(value => !isState(value)), state: inputs.filter(isState) }
}

/** @throws EngineError where no state has this name */
export const stateInput = ({ state }: Inputs, name: string): Value => {
  const value = state.find(input => input.name === name)
  if (value !== undefined) return value
  throw new EngineError({
    where: `state ${name}`,
    expected: `one of ${state.map(input => input.name).join(', ') || 'no names: the graph has no state'}`,
    got: name,
  })
}

/** Validates tensors before they are written to state, and returns the inputs that they belong to. */
export const checkState = (inputs: Inputs, tensors: Tensors): readonly Value[] => {
  const given = Object.keys(tensors).map(name => stateInput(inputs, name))
  checkInputs(given, tensors)
  return given
}

/** The error for state that is read or run with before anything has written it. */
export const unwritten = (name: string): EngineError =>
  new EngineError({
    where: `state ${name}`,
    expected: 'a value',
    got: 'none',
    hint: 'Call state.write or state.initialize first',
  })

/** Keeps the outputs of a run as the next one's inputs. */
export const keepState = (
  graph: Pick<Graph, 'inputs'>,
  names: readonly string[],
  condition: string | undefined,
  run: (inputs: Tensors) => Promise<Tensors>,
): Omit<Compiled, 'dispose'> => {
  const inputs = splitInputs(graph, names)
  const isState = ([name]: [string, Tensor]): boolean => names.includes(name)
  let current: Tensors = {}
  return {
    run: async tensors => {
      checkInputs(inputs.fed, tensors)
      for (const name of names) if (!(name in current)) throw unwritten(name)
      const results = Object.entries(await run({ ...tensors, ...current }))
      const outputs = Object.fromEntries(results.filter(result => !isState(result)))
      if (condition === undefined || outputs[condition].data[0] !== 0)
        current = { ...current, ...Object.fromEntries(results.filter(isState)) }
      return outputs
    },
    state: {
      names,
      write: async tensors => {
        checkState(inputs, tensors)
        current = { ...current, ...tensors }
      },
      initialize: async (name, fill) => {
        const { shape } = stateInput(inputs, name)
        const data = new Float32Array(sizeOf(shape))
        fill(data)
        current = { ...current, [name]: { shape, data } }
      },
      read: async name => {
        stateInput(inputs, name)
        const tensor = current[name]
        if (tensor === undefined) throw unwritten(name)
        return tensor
      },
    },
  }
}

/**
 * Constants as tensors of the graph's shapes; names that the graph does not have are left out.
 * @throws EngineError for one of another size than the graph's
 */
export const constantTensors = (
  { inputs }: Pick<Graph, 'inputs'>,
  constants: ReadonlyMap<string, Float32Array> = new Map(),
): Tensors => {
  const own = inputs.filter(({ name = '' }) => constants.has(name))
  const tensors = Object.fromEntries(
    own.map(({ name = '', shape }) => [name, { shape, data: constants.get(name) as Float32Array }]),
  )
  checkInputs(own, tensors)
  return tensors
}
