/** Tasks by name: what a configuration and a card say of them is enough to build them again. */

import type { Dataset } from '../data/dataset.ts'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { classification } from './classification.ts'
import { countObjects, detection } from './detection/detection.ts'
import { labels } from './labels.ts'
import { type RegressionLoss, regression, targetScale } from './regression.ts'
import type { Task, TaskMemory } from './task.ts'
import { valuesOf } from './values.ts'

/** What a task is built of. */
export interface TaskSetting {
  /** The names of the classes, or of the numbers that are predicted. */
  readonly classes: readonly string[]
  /** What is remembered of it: learned of the images to train on, or out of a card. */
  readonly memory: TaskMemory
  /** The share of the target that goes to all classes alike. */
  readonly labelSmoothing?: number | undefined
  /** Of regression: what a distance costs. */
  readonly loss?: RegressionLoss | undefined
  /** Whether images are mixed. */
  readonly mixed?: boolean | undefined
}

/** A task by its name. */
export interface TaskEntry {
  /** One line on what it is. */
  readonly describe: string
  /** Makes the task. */
  build(setting: TaskSetting): Task
  /** What is to be known of the images to train on. @throws UsageError where they lack its targets */
  learn?(data: Dataset): TaskMemory
}

/** What has to be there is all that there is to know. */
const needValues = (data: Dataset): TaskMemory => {
  valuesOf(data)
  return {}
}

const entries = new Map<string, TaskEntry>([
  ['classification', { describe: 'one class an image', build: classification }],
  [
    'detection',
    { describe: 'boxes around objects, each of a class', build: detection, learn: countObjects },
  ],
  ['labels', { describe: 'any number of labels an image', build: labels, learn: needValues }],
  ['regression', { describe: 'numbers of an image', build: regression, learn: targetScale }],
])

/** The task without a name. */
export const CLASSIFICATION = 'classification'

/** The names of the tasks that can be built. */
export const taskNames = (): readonly string[] => [...entries.keys()]

/**
 * The task of a name.
 * @throws UsageError for one that nobody registered
 */
export const findTask = (name: string): TaskEntry => {
  const found = entries.get(name)
  if (found !== undefined) return found
  throw new UsageError({
    where: 'task',
    expected: `one of ${taskNames().join(', ')}`,
    got: name,
    hint: suggestion(name, taskNames()) ?? 'Give the task that the run was begun for',
  })
}

/** Makes a task of the user's own known by name: a run of it is resumed and asked by its folder alone. */
export const registerTask = (name: string, entry: TaskEntry): void => {
  if (!/^[\w.-]+$/.test(name) || BUILT_IN.has(name))
    throw new UsageError({
      where: 'register.task',
      expected: 'a name of letters, digits, _ and - that no task has yet',
      got: name,
    })
  entries.set(name, entry)
}

const BUILT_IN: ReadonlySet<string> = new Set(entries.keys())

/** The task of a trained network, by what its card says; undefined where its name is not known here. */
export const trainedTask = ({
  task = CLASSIFICATION,
  classes,
  thresholds,
  targets,
}: TaskMemory & {
  readonly task?: string | undefined
  readonly classes: readonly string[]
}): Task | undefined => entries.get(task)?.build({ classes, memory: { thresholds, targets } })
