/** What a network does inside, and what it costs. */

export { type LayerRow, type Summary, summarize } from '../models/summary.ts'
export { type Analysis, type AnalysisOptions, analyze } from './analysis.ts'
export { type Cost, costOf } from './cost.ts'
export { type Observation, type Observed, observe } from './observe.ts'
export { openProbe, type Probe } from './probe.ts'
export { writeReport } from './report.ts'
