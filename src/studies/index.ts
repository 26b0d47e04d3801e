/** The papers' ablations, planned, run and summed up. */

export { type Fitted, fitPlan } from './networks.ts'
export { type Plan, type PlannedRun, planStudy, type StudySettings } from './plan.ts'
export { PUBLISHED, type Published } from './published.ts'
export { findStudy, STUDIES, studyNames } from './registry.ts'
export { type Facts, type StudyResults, summarizeStudy } from './results.ts'
export { type Outcome, type RunnerOptions, runStudy, type Trainer } from './runner.ts'
export type { PaperFigure, Study, Variant } from './study.ts'
