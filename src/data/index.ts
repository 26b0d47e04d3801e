/** Datasets and how batches are made of them. */

export {
  type Dataset,
  type LabeledImages,
  pixelDataset,
  type Split,
} from './dataset.ts'
export { type ImageInput, type Pixels, readImage } from './decode/openImage.ts'
export type { BadImage, BadImagePolicy } from './folder/bad.ts'
export { exportFolder } from './folder/exportFolder.ts'
export type { FolderReport, ImageFolderOptions } from './folder/imageFolder.ts'
export { type Batch, evaluationBatches, trainingBatches } from './loader.ts'
export { measureNormalization, type Normalization } from './normalization.ts'
export { DATASETS, type DatasetOptions, openDataset } from './registry.ts'
export { openTable, type Table, type TableOptions } from './sets/table.ts'
export type { Factors } from './shapes/layers.ts'
export { openShapes } from './shapes/shapes.ts'
export { openShapesDetection } from './shapes/shapesDetection.ts'
