/** Datasets in memory, and how batches are made of them, in a page. */

export { type Dataset, type LabeledImages, pixelDataset, type Split } from '../data/dataset.ts'
export { type Batch, evaluationBatches, trainingBatches } from '../data/loader.ts'
export { measureNormalization, type Normalization } from '../data/normalization.ts'
export type { Factors } from '../data/shapes/layers.ts'
export { openShapes } from '../data/shapes/shapes.ts'
