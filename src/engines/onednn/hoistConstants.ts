/**
 * Steps that need not run every time: what they compute depends on constants and on state
 * that runs do not change alone, such as weights brought into a convolution's layout for inference.
 */

import { type Block, keep, rootOf } from '../arena.ts'
import type { Stored } from './buffers.ts'
import { ARG } from './constants.ts'
import type { Step } from './program.ts'

const RESULTS: ReadonlySet<number> = new Set([
  ARG.result,
  ARG.dSource,
  ARG.dWeights,
  ARG.dBias,
  ARG.dScale,
  ARG.dShift,
])

interface Touched {
  readonly reads: readonly Block[]
  readonly writes: readonly Block[]
}

const rootsOf = (tensors: readonly Stored[]): Block[] => tensors.map(({ block }) => rootOf(block))

/** What a step reads and writes; statistics and workspaces are written by who touches them first. */
const touchedBy = (step: Step, known: ReadonlySet<Block>): Touched => {
  if ('exchanged' in step)
    return { reads: rootsOf(step.exchanged), writes: rootsOf(step.exchanged) }
  if ('loop' in step) return { reads: rootsOf(step.inputs), writes: rootsOf(step.outputs) }
  const given = step.arguments.filter(([argument]) => argument !== ARG.scratchpad)
  const isWritten = ([argument, { block }]: (typeof given)[number]): boolean =>
    RESULTS.has(argument) || !known.has(rootOf(block))
  const roots = (written: boolean): Block[] =>
    given.filter(pair => isWritten(pair) === written).map(([, { block }]) => rootOf(block))
  return { reads: roots(false), writes: roots(true) }
}

/**
 * For each step whether it is hoisted out of the runs; what hoisted steps write is kept.
 * @param inputs - blocks that are there before the first step
 * @param changing - those of them that differ from run to run
 */
export const hoistConstants = (
  steps: readonly Step[],
  inputs: readonly Block[],
  changing: readonly Block[],
): boolean[] => {
  const known = new Set(inputs)
  const touched = steps.map(step => {
    const found = touchedBy(step, known)
    for (const root of found.writes) known.add(root)
    return found
  })
  const varying = new Set(changing)
  const isHoisted = ({ reads, writes }: Touched): boolean =>
    ![...reads, ...writes].some(root => varying.has(root))
  // What a varying step writes varies, which concerns earlier steps too that write to the same block.
  for (let before = -1; before !== varying.size; ) {
    before = varying.size
    for (const step of touched)
      if (!isHoisted(step)) for (const root of step.writes) varying.add(root)
  }
  for (const step of touched) if (isHoisted(step)) for (const root of step.writes) keep(root)
  return touched.map(isHoisted)
}
