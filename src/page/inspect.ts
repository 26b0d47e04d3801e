/** What a network costs and does inside, in a page. */

export { type Cost, costOf } from '../inspect/cost.ts'
export { type Observation, type Observed, observe } from '../inspect/observe.ts'
export { openProbe, type Probe } from '../inspect/probe.ts'
export { type LayerRow, type Summary, summarize } from '../models/summary.ts'
