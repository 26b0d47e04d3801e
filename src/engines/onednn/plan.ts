/** The plan of a graph: its steps in order, and where every value lives in which layouts. */

import type { Graph, Value } from '../../graph/index.ts'
import { type BatchNormRelus, batchNormRelus } from '../../passes/batchNormRelu.ts'
import { type SoleReader, soleReaders } from '../../passes/uses.ts'
import { type Buffers, newBuffers } from './buffers.ts'
import { type Layouts, newLayouts } from './layouts.ts'
import type { PrimitiveCache } from './primitives.ts'
import { newProgram, type Program } from './program.ts'

export type { Stored } from './buffers.ts'

export interface Plan extends Buffers, Program, Layouts {
  readonly soleReader: SoleReader
  readonly relus: BatchNormRelus
  /** Whether a value is the same from run to run: a constant, or state that the graph does not change. */
  isConstant(value: Value): boolean
}

/** @param constantInputs - inputs that are the same from run to run */
export const newPlan = (
  graph: Graph,
  cache: PrimitiveCache,
  constantInputs: ReadonlySet<Value>,
): Plan => {
  const buffers = newBuffers(cache.descriptors)
  const program = newProgram(buffers, cache)
  const soleReader = soleReaders(graph)
  return {
    ...buffers,
    ...program,
    ...newLayouts(buffers, program),
    soleReader,
    relus: batchNormRelus(graph, soleReader),
    isConstant: value => value.node?.op === 'constant' || constantInputs.has(value),
  }
}
