/** The life of a compiled graph, the same for every engine: used until disposed, not disposed while used. */

import { EngineError } from '../errors/index.ts'
import type { Compiled, Tensors } from './engine.ts'

/** Refuses calls after `dispose`, `dispose` during a run, and runs without inputs. */
export const withLifetime = (compiled: Compiled): Compiled => {
  /** Dropped by dispose, and with it all memory that the engine keeps for the graph. */
  let live: Compiled | undefined = compiled
  let running = 0
  const used = (where: string): Compiled => {
    if (live !== undefined) return live
    throw new EngineError({ where, expected: 'a graph in use', got: 'a disposed one' })
  }
  return {
    run: async (inputs: Tensors | undefined) => {
      const { run } = used('run')
      if (inputs === undefined)
        throw new EngineError({ where: 'run', expected: 'tensors by name', got: 'undefined' })
      running++
      try {
        return await run(inputs)
      } finally {
        running--
      }
    },
    state: {
      names: compiled.state.names,
      write: async tensors => used('state').state.write(tensors),
      initialize: async (name, fill) => used('state').state.initialize(name, fill),
      read: async name => used('state').state.read(name),
    },
    dispose: async () => {
      if (running > 0)
        throw new EngineError({
          where: 'dispose',
          expected: 'no run in progress',
          got: `${running}`,
          hint: 'Await the run first',
        })
      const disposed = live
      live = undefined
      await disposed?.dispose()
    },
  }
}
