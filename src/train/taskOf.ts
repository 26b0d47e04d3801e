/** The task of a recipe, where no other is given: classification with its smoothing and mixing. */

import { classification } from '../tasks/classification.ts'
import type { Task } from '../tasks/task.ts'
import type { Recipe } from './config.ts'

export const taskOf = ({
  labelSmoothing,
  mixing,
}: Pick<Recipe, 'labelSmoothing' | 'mixing'>): Task =>
  classification({
    labelSmoothing,
    mixed: mixing?.mixup !== undefined || mixing?.cutmix !== undefined,
  })
