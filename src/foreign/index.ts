/** Anybody's ONNX model: which attention is in it, and what that costs. */

export { analyzeForeign, type ForeignAnalysis } from './analysis.ts'
