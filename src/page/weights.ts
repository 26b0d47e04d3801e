/** Trained networks as bytes, in a page. */

export { exportOnnx } from '../weights/export.ts'
export { openPredictor, type Predictor } from '../weights/predictor.ts'
export { readSafetensors, type StoredTensor, writeSafetensors } from '../weights/safetensors.ts'
export { type Card, readTrained, type Trained, writeTrained } from '../weights/trained.ts'
