/** Makes parts of the user's own known by name, as those of Excite are: typed, one function a kind. */

import { registerAttention } from '../attention/registry.ts'
import { registerDataset } from '../data/registry.ts'
import { registerModel } from '../models/registry.ts'
import { registerTask } from '../tasks/registry.ts'

/**
 * What is registered can be written down in a run and built again from it, wherever the same code
 * has registered it: in another program, or in the command line by `node --import ./mine.js`.
 */
export const register = {
  attention: registerAttention,
  model: registerModel,
  dataset: registerDataset,
  task: registerTask,
} as const
