/** Datasets and how batches are made of them. */

export type { Dataset, Normalization, Split } from './dataset.ts'
export { measureNormalization } from './dataset.ts'
export { exportFolder } from './exportFolder.ts'
export type { BadImage, BadImagePolicy } from './folder/bad.ts'
export { type ImageFolder, type ImageFolderOptions, openImageFolder } from './folder/imageFolder.ts'
export { type ImageSource, type Pixels, readImage } from './images.ts'
export { type Batch, evaluationBatches, trainingBatches } from './loader.ts'
export { DATASETS, type OpenOptions, openDataset } from './registry.ts'
export { type Factors, openShapes } from './shapes/shapes.ts'
