/** An engine whose graphs are compiled and run by the worker of a page (remoteWorker.js). */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'playwright-core'
import type { Compiled, Engine, Tensor, Tensors } from '../../src/engines/engine.ts'
import { compileExchanging, hasExchanges } from '../../src/engines/exchanges.ts'
import { EngineError, type Problem } from '../../src/errors/index.ts'
import { type Graph, sizeOf, type Value } from '../../src/graph/index.ts'
import type { OpenedPage } from './openPage.ts'

type Answer<Result> = { readonly result: Result } | { readonly problem: Problem }
type Remote = { answer(verb: string, given: object): Promise<Answer<unknown>> }

/** A graph without references: values are numbered, inputs first, then what nodes give. */
const flatGraph = ({ inputs, nodes, outputs }: Graph) => {
  const numbers = new Map<Value, number>()
  const number = (value: Value): number => {
    if (!numbers.has(value)) numbers.set(value, numbers.size)
    return numbers.get(value) as number
  }
  const type = ({ dtype, shape, name }: Value) => ({ dtype, shape, name })
  inputs.forEach(number)
  return {
    inputs: inputs.map(type),
    nodes: nodes.map(({ op, attributes, path, ...node }) => {
      node.outputs.forEach(number)
      return {
        op,
        attributes,
        path,
        inputs: node.inputs.map(number),
        outputs: node.outputs.map(type),
      }
    }),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, number(value)]),
    ),
  }
}

const workerOf = async ({ page }: OpenedPage): Promise<Worker> => {
  while (page.workers().length === 0) await sleep(20)
  const [worker] = page.workers()
  while (!(await worker.evaluate('self.answer !== undefined'))) await sleep(20)
  return worker
}

/** @param opening - the page, which a first compilation waits for */
export const remoteEngine = (opening: Promise<OpenedPage>): Engine => {
  const ready = opening.then(workerOf)
  let asked: (readonly [verb: string, given: object])[] = []
  let answers: Promise<readonly Answer<unknown>[]> | undefined
  /** Sends what is asked in one tick as one message, so that it begins in one tick there, too. */
  const send = async (): Promise<readonly Answer<unknown>[]> => {
    const worker = await ready
    const sent = asked
    asked = []
    answers = undefined
    return worker.evaluate(
      sent =>
        Promise.all(
          sent.map(([verb, given]) => (globalThis as unknown as Remote).answer(verb, given)),
        ),
      sent,
    )
  }
  const ask = async <Result>(verb: string, given: object): Promise<Result> => {
    const place = asked.push([verb, given]) - 1
    answers ??= send()
    const answer = (await answers)[place]
    if ('problem' in answer) throw new EngineError(answer.problem)
    return answer.result as Result
  }
  const engine: Engine = {
    name: 'webgpu',
    version: async () => 'in a page',
    compile: async (graph, { state = [], constants = new Map(), allReduce } = {}) => {
      if (allReduce !== undefined && hasExchanges(graph))
        return compileExchanging(graph, state, undefined, allReduce, part => engine.compile(part))
      const id: number = await ask('compile', {
        flat: flatGraph(graph),
        state,
        constants: Object.fromEntries(constants),
      })
      const write = (tensors: Tensors): Promise<void> => ask('write', { id, tensors })
      const compiled: Compiled = {
        run: tensors => ask('run', { id, tensors }),
        state: {
          names: state,
          write,
          initialize: async (name, fill) => {
            const shape = graph.inputs.find(input => input.name === name)?.shape ?? []
            const data = new Float32Array(sizeOf(shape))
            fill(data)
            await write({ [name]: { shape, data } })
          },
          read: name => ask<Tensor>('read', { id, name }),
        },
        dispose: () => ask('dispose', { id }),
      }
      return compiled
    },
  }
  return engine
}
