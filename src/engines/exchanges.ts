/** Graphs with exchanges between processes, for engines that compile each part by itself. */

import type { Graph } from '../graph/index.ts'
import { type Exchange, splitAtExchanges } from '../passes/splitAtExchanges.ts'
import type { AllReduce, Compiled, Tensor, Tensors } from './engine.ts'
import { withLifetime } from './lifetime.ts'
import { keepState } from './state.ts'

/** Whether a graph exchanges anything. */
export const hasExchanges = ({ nodes }: Graph): boolean =>
  nodes.some(({ op }) => op === 'allReduce')

const addUp = async (
  { addends, sums }: Exchange,
  values: Record<string, Tensor>,
  allReduce: AllReduce,
): Promise<void> => {
  // What is given belongs to whoever gave it: sums are made in copies.
  const copies = addends.map(name => ({
    ...values[name],
    data: Float32Array.from(values[name].data),
  }))
  await allReduce(copies.map(({ data }) => data))
  for (const [i, name] of sums.entries()) values[name] = copies[i]
}

/**
 * Runs a graph part by part, and exchanges in between.
 * @param compile - compiles one part, all of whose inputs come with every run
 */
export const compileExchanging = async (
  graph: Graph,
  state: readonly string[],
  condition: string | undefined,
  allReduce: AllReduce,
  compile: (part: Graph) => Promise<Compiled>,
): Promise<Compiled> => {
  const { parts, outputs } = splitAtExchanges(graph)
  /** A part may do nothing but wait for what comes after it. */
  const compiled: (Compiled | undefined)[] = []
  for (const { graph: own } of parts)
    compiled.push(own.nodes.length === 0 ? undefined : await compile(own))
  const run = async (fed: Tensors): Promise<Tensors> => {
    const values: Record<string, Tensor> = { ...fed }
    for (const [i, { exchanges, graph: own }] of parts.entries()) {
      for (const exchange of exchanges) await addUp(exchange, values, allReduce)
      const inputs = own.inputs.map(({ name = '' }): [string, Tensor] => [name, values[name]])
      Object.assign(values, await compiled[i]?.run(Object.fromEntries(inputs)))
    }
    return Object.fromEntries(
      Object.entries(outputs).map(([name, own]): [string, Tensor] => [name, values[own]]),
    )
  }
  return withLifetime({
    ...keepState(graph, state, condition, run),
    dispose: async () => {
      for (const part of compiled) await part?.dispose()
    },
  })
}
