/**
 * What a checkpoint of a training holds: the network and where its optimizer stands, as tensors, and
 * how far the training is. All else is recomputed.
 */

import { join } from 'node:path'
import { FileError } from '../errors/index.ts'
import type { Model } from '../models/registry.ts'
import type { TaskMemory } from '../tasks/task.ts'
import { readSafetensors, type StoredTensor, writeSafetensors } from '../weights/safetensors.ts'
import { memoryOf, readTrained, type Trained, writeTrained } from '../weights/trained.ts'
import type { Checkpoint } from './checkpoints.ts'
import { readProgress, type SavedProgress, writeProgress } from './progress.ts'
import { RUN_FILES } from './runFolder.ts'

type Tensors = ReadonlyMap<string, Float32Array>

export interface Saved {
  readonly progress: SavedProgress
  /** Parameters and buffers by name. */
  readonly weights: Tensors
  /** The optimizer's vectors and the average, as `slot:parameter`. */
  readonly slots: Tensors
  /** What the task had learned in its last evaluation. */
  readonly memory: TaskMemory
}

const FILES = {
  weights: 'model.safetensors',
  optimizer: 'optimizer.safetensors',
  progress: 'state.json',
} as const

/** Slots as version 0.1 called them. */
const FORMER_SLOTS: Readonly<Record<string, string>> = {
  mean: 'expAvg',
  square: 'expAvgSq',
  average: 'ema',
}

const slotNow = (name: string): string => name.replace(/^[^:]+/, slot => FORMER_SLOTS[slot] ?? slot)

const asStored = (tensors: Tensors): ReadonlyMap<string, StoredTensor> =>
  new Map([...tensors].map(([name, data]) => [name, { dtype: 'F32', shape: [data.length], data }]))

export const writeSaved = (
  trained: Trained,
  slots: Tensors,
  progress: SavedProgress,
): Checkpoint => ({
  step: progress.step,
  files: new Map([
    [FILES.weights, writeTrained(trained)],
    [FILES.optimizer, writeSafetensors(asStored(slots))],
    [FILES.progress, writeProgress(progress)],
  ]),
})

/**
 * @param folder - the run's, for messages
 * @throws FileError or WeightError that names the file at fault
 */
export const readSaved = ({ step, files }: Checkpoint, folder: string, model: Model): Saved => {
  const file = (name: string): [Uint8Array, string] => [
    files.get(name) ?? new Uint8Array(),
    join(folder, RUN_FILES.checkpoints, `step ${step}`, name),
  ]
  const [bytes, where] = file(FILES.optimizer)
  const { tensors: slots } = readSafetensors(bytes, where)
  for (const [name, { dtype }] of slots)
    if (dtype !== 'F32')
      throw new FileError({ where, expected: `${name} of dtype F32`, got: dtype })
  const { tensors: weights, card } = readTrained(...file(FILES.weights), model)
  return {
    progress: readProgress(...file(FILES.progress)),
    weights,
    memory: memoryOf(card),
    slots: new Map([...slots].map(([name, { data }]) => [slotNow(name), data as Float32Array])),
  }
}
