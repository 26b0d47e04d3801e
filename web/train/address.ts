/** What the address says of "Train". */

import { choice, number, type StateOf, text } from '../frame/state.ts'

export const FIELDS = {
  model: text('resnet8'),
  attention: text('se:reduction=8'),
  /** Another attention, trained on the same batches, to compare with; empty for none. */
  other: text(''),
  data: choice<'shapes' | 'images'>('shapes', ['shapes', 'images']),
  images: number(1000, 20, 20_000),
  size: number(16, 8, 128),
  epochs: number(6, 1, 500),
  batch: number(32, 2, 512),
  rate: number(0.1, 0.0001, 2),
  seed: number(0, 0, 2 ** 31),
  engine: choice<'auto' | 'webgpu' | 'wasm'>('auto', ['auto', 'webgpu', 'wasm']),
}
export type TrainState = StateOf<typeof FIELDS>
