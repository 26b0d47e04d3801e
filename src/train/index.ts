/** What a training is made of: the step as a graph, recipes, losses, metrics. */

export { type Config, checkConfig, type Recipe } from './config.ts'
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.ts'
export { frozenBy } from './freeze.ts'
export { crossEntropy } from './loss.ts'
export { adamw, type Optimizer, sgd } from './optimizers.ts'
export { type RecipeChanges, recipeFrom } from './recipeChanges.ts'
export { RECIPES, type RecipeName } from './recipes.ts'
export { openSession, type Session } from './session.ts'
export { inferenceStep, trainingStep } from './step.ts'
