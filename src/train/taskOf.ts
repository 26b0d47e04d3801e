/** The task of a recipe, where no other is given: classification with its smoothing and mixing. */

import { classification } from '../tasks/classification.ts'
import type { Task } from '../tasks/task.ts'
import type { Recipe } from './config.ts'

export const taskOf = ({ smoothing, mixing }: Pick<Recipe, 'smoothing' | 'mixing'>): Task =>
  classification({
    labelSmoothing: smoothing,
    mixed: mixing?.mixup !== undefined || mixing?.cutmix !== undefined,
  })
