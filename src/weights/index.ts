/** Trained networks in files, in and out. */

export { checkExport } from './checkExport.ts'
export { type Description, readDescription, type Serving } from './description.ts'
export { exportOnnx } from './export.ts'
export { type Imported, type ImportOptions, importWeights } from './import.ts'
export { importFile } from './importFile.ts'
export { openPredictor, type Predictor } from './predictor.ts'
export { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'
export { type Card, readTrained, type Trained, writeTrained } from './trained.ts'
