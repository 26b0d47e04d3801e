/** The task of a configuration: by its name, with what the recipe says and the images to train on tell. */

import type { Dataset } from '../data/dataset.ts'
import { CLASSIFICATION, findTask } from '../tasks/registry.ts'
import type { Task } from '../tasks/task.ts'
import type { Config } from './config.ts'

/**
 * @param data - the images to train on
 * @throws UsageError for a task without a name here, or images that lack its targets
 */
export const taskOf = (
  {
    task: name,
    recipe: { labelSmoothing, mixing, loss },
  }: Pick<Config, 'task'> & {
    readonly recipe: Pick<Config['recipe'], 'labelSmoothing' | 'mixing' | 'loss'>
  },
  data?: Dataset,
): Task => {
  const { build, learn } = findTask(name ?? data?.task ?? CLASSIFICATION)
  return build({
    classes: data?.classes ?? [],
    memory: (data && learn?.(data)) ?? {},
    labelSmoothing,
    loss,
    mixed: mixing?.mixup !== undefined || mixing?.cutmix !== undefined,
  })
}
