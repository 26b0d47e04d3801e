/** Going on with a run: from the newest checkpoint that is of use, with the files beside it as they were then. */

import { join } from 'node:path'
import { FileError } from '../errors/index.ts'
import type { Model } from '../models/registry.ts'
import { codeOf, disk, readWhole, writeFailure, writeFileAtomic } from '../platform/node/files.ts'
import { type Card, readTrained, writeTrained } from '../weights/trained.ts'
import type { Checkpoints } from './checkpoints.ts'
import { RUN_FILES, readMetrics } from './runFolder.ts'
import { readSaved, type Saved } from './trainingState.ts'

/** The run that is gone on with. */
export interface Restored {
  readonly folder: string
  readonly model: Model
  readonly card: Card
  readonly stepsPerEpoch: number
  readonly checkpoints: Checkpoints
  readonly warn?: ((message: string) => void) | undefined
}

/**
 * Makes sure that a run's checkpoints were not taken away: it would be trained anew, and its weights
 * overwritten. To be called before the folder of checkpoints is made.
 * @throws FileError where an epoch was finished and there is no checkpoint at all
 */
export const checkNotLost = async (folder: string): Promise<void> => {
  const path = join(folder, RUN_FILES.checkpoints)
  const names = await disk.readdir(path).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return []
    throw writeFailure(path, 0, cause)
  })
  if (names.some(name => name.startsWith('step-'))) return
  const { length } = await readMetrics(folder)
  if (length === 0) return
  throw new FileError({
    where: path,
    expected: `the checkpoints of a run with ${length} finished ${length === 1 ? 'epoch' : 'epochs'}`,
    got: 'none',
    hint: 'Restore the folder from a backup, or begin another run from the weights of this one, with `weights`',
  })
}

/** @throws FileError where a state cannot be of the step that its folder is named after */
const checkProgress = (
  { progress: { step, history } }: Saved,
  named: number,
  stepsPerEpoch: number,
  where: string,
): void => {
  const first = history.length * stepsPerEpoch
  if (step === named && step >= first && step <= first + stepsPerEpoch) return
  throw new FileError({
    where,
    expected: `the progress of step ${named}`,
    got: `step ${step} after ${history.length} epochs of ${stepsPerEpoch} steps`,
  })
}

/**
 * The newest state that can be gone on from; others are passed over with a warning.
 * @param restore - puts a state in place, and throws where it does not fit
 * @returns undefined where none was saved yet
 */
export const newestState = (
  { folder, model, stepsPerEpoch, checkpoints }: Restored,
  restore: (saved: Saved) => void | Promise<void>,
): Promise<Saved | undefined> =>
  checkpoints.latest(async checkpoint => {
    const saved = readSaved(checkpoint, folder, model)
    const { step } = checkpoint
    checkProgress(saved, step, stepsPerEpoch, join(folder, RUN_FILES.checkpoints, `step ${step}`))
    await restore(saved)
    return saved
  })

/** The weights that were written after an epoch, out of its checkpoint: averaged where there is an average. */
const writtenAfter = (epoch: number, run: Restored): Promise<Uint8Array | undefined> =>
  run.checkpoints.at(epoch * run.stepsPerEpoch).then(checkpoint => {
    if (checkpoint === undefined) return undefined
    const { weights, slots, memory } = readSaved(checkpoint, run.folder, run.model)
    const tensors = new Map(
      [...weights].map(([name, data]) => [name, slots.get(`ema:${name}`) ?? data]),
    )
    return writeTrained({ card: { ...run.card, ...memory }, model: run.model, tensors })
  })

/**
 * Puts a file of weights back as it was after an epoch, out of that epoch's checkpoint, where it is
 * missing, damaged, or of a later epoch that the checkpoints do not know.
 * @throws FileError where it is not whole and there is no such checkpoint
 */
export const mendWeights = async (
  name: 'best' | 'last',
  epoch: number,
  run: Restored,
): Promise<void> => {
  const path = join(run.folder, RUN_FILES[name])
  const readable = async (): Promise<Uint8Array | undefined> => {
    const bytes = await readWhole(path)
    readTrained(bytes, path, run.model)
    return bytes
  }
  let damage: unknown
  const found = await readable().catch((cause: unknown) => {
    damage = cause
    return undefined
  })
  const right = await writtenAfter(epoch, run)
  if (right === undefined) {
    if (found !== undefined || name === 'last') return
    throw new FileError(
      {
        where: path,
        expected: `the weights of epoch ${epoch}`,
        got: codeOf(damage) === 'ENOENT' ? 'no such file' : 'a damaged file',
        context: 'the checkpoint of that epoch is not there either',
        hint: 'Restore it from a backup, or begin another run with `weights` of last.safetensors',
      },
      { cause: damage },
    )
  }
  if (found !== undefined && Buffer.compare(found, right) === 0) return
  if (found === undefined)
    run.warn?.(`${path} was missing or damaged: restored from the checkpoint of epoch ${epoch}`)
  await writeFileAtomic(path, right)
}
