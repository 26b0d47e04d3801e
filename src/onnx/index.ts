/** ONNX, the format: graphs written, files read. */

export { emit } from './emit.ts'
export { encodeModel } from './encode.ts'
export { type FileModel, readOnnx } from './read/index.ts'
