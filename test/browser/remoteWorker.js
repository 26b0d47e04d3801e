// A worker that compiles the graphs that it is sent by WebGPU, and does what is asked of them.
import { engines, graph } from 'excite/browser'

/** The graph of a flat one (flatGraph.ts). */
const rebuilt = ({ inputs, nodes, outputs }) => {
  const values = inputs.map(type => ({ ...type, index: 0 }))
  for (const flat of nodes) {
    const node = { ...flat, inputs: flat.inputs.map(i => values[i]), outputs: [] }
    for (const [index, type] of flat.outputs.entries()) {
      const value = { ...type, node, index }
      node.outputs.push(value)
      values.push(value)
    }
  }
  return graph(Object.fromEntries(Object.entries(outputs).map(([name, i]) => [name, values[i]])))
}

const compiled = []
const verbs = {
  compile: async ({ flat, state, constants }) =>
    compiled.push(
      await engines.webgpuWebEngine.compile(rebuilt(flat), {
        state,
        constants: new Map(Object.entries(constants)),
      }),
    ) - 1,
  run: ({ id, tensors }) => compiled[id].run(tensors),
  write: ({ id, tensors }) => compiled[id].state.write(tensors),
  read: ({ id, name }) => compiled[id].state.read(name),
  dispose: ({ id }) => compiled[id].dispose(),
}

self.answer = async (verb, given) => {
  try {
    return { result: await verbs[verb](given) }
  } catch (error) {
    const { message, where, expected, got, context, hint } = error
    return { problem: { where: where ?? message, expected, got, context, hint } }
  }
}
