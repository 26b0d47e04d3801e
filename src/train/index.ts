/** What a training is made of: the step as a graph, recipes, losses, metrics. */

export { type ClassificationOptions, classification } from '../tasks/classification.ts'
export { crossEntropy } from '../tasks/crossEntropy.ts'
export { means } from '../tasks/means.ts'
export type { Accumulator, Curve, Metrics, Review, Task } from '../tasks/task.ts'
export { type Config, checkConfig, type Recipe } from './config.ts'
export type { EpochRow } from './epochRow.ts'
export { type EvaluateOptions, evaluate } from './evaluate.ts'
export { frozenBy } from './freeze.ts'
export {
  type EpochEvent,
  newProgress,
  type Progress,
  type StepEvent,
  trainingLoop,
} from './loop.ts'
export { ModelState } from './modelState.ts'
export { adamw, type Optimizer, sgd } from './optimizers.ts'
export { type RecipeChanges, recipeFrom } from './recipeChanges.ts'
export { RECIPES, type RecipeName } from './recipes.ts'
export { TrainingSession } from './session.ts'
export { inferenceStep, trainingStep } from './step.ts'
