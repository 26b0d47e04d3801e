/** Excite as a library: the same code that the command line calls. */

export {
  type Attention,
  POSITIONS,
  type Position,
  type Recalibration,
  type Replacement,
} from './attention/attention.ts'
export { type BAMOptions, bam } from './attention/bam.ts'
export { ATTENTIONS } from './attention/catalog.ts'
export { type CBAMOptions, cbam } from './attention/cbam.ts'
export { type CoordinateOptions, ca } from './attention/coordinate.ts'
export { type ECAOptions, eca } from './attention/eca.ts'
export { type FcaOptions, fca } from './attention/fca.ts'
export { type GCOptions, gc } from './attention/gc.ts'
export { type GCTOptions, gct } from './attention/gct.ts'
export { type GEOptions, ge } from './attention/ge.ts'
export { attentionNames, parseAttention } from './attention/registry.ts'
export { type SEOptions, se } from './attention/se.ts'
export { type SimAMOptions, simam } from './attention/simam.ts'
export { type Branch, type SKOptions, sk } from './attention/sk.ts'
export { type SplitAttentionOptions, splat } from './attention/splitAttention.ts'
export { srm } from './attention/srm.ts'
export { gradients } from './autodiff/index.ts'
export {
  type Dataset,
  measureNormalization,
  type Normalization,
  type Split,
} from './data/dataset.ts'
export { exportFolder } from './data/exportFolder.ts'
export type { BadImage, BadImagePolicy } from './data/folder/bad.ts'
export {
  type ImageFolder,
  type ImageFolderOptions,
  openImageFolder,
} from './data/folder/imageFolder.ts'
export { readImage } from './data/images.ts'
export { type Batch, evaluationBatches, trainingBatches } from './data/loader.ts'
export { DATASETS, openDataset } from './data/registry.ts'
export { type Factors, openShapes } from './data/shapes/shapes.ts'
export type { Compiled, Engine, Tensor, Tensors } from './engines/engine.ts'
export { onnxEngine } from './engines/onnxruntime/engine.ts'
export { referenceEngine } from './engines/reference/engine.ts'
export { type Device, openDevice } from './engines/registry.ts'
export * from './errors/index.ts'
export { analyzeForeign, type ForeignAnalysis } from './foreign/analysis.ts'
export {
  type Graph,
  graph,
  input,
  type Node,
  printGraph,
  type Shape,
  scope,
  type Value,
} from './graph/index.ts'
export { type Analysis, type AnalysisOptions, analyze } from './inspect/analysis.ts'
export { type Cost, costOf } from './inspect/cost.ts'
export { type Observation, type Observed, observe } from './inspect/observe.ts'
export { openProbe, type Probe } from './inspect/probe.ts'
export { writeReport } from './inspect/report.ts'
export { type LayerRow, type Summary, summarize } from './inspect/summary.ts'
export { inferenceGraph } from './models/inferenceGraph.ts'
export { PUBLISHED, type Published } from './models/published.ts'
export {
  describeModel,
  type Model,
  type ModelOptions,
  model,
  modelNames,
} from './models/registry.ts'
export { type ResNeStOptions, resnest } from './models/resnest.ts'
export { type ResNetOptions, resnet } from './models/resnet.ts'
export * as nn from './nn/index.ts'
export { emit } from './onnx/emit.ts'
export { encodeModel } from './onnx/encode.ts'
export { type FileModel, readOnnx } from './onnx/read/index.ts'
export * as ops from './ops/index.ts'
export { foldBatchNorm } from './passes/foldBatchNorm.ts'
export { permutation, type RandomStream, random } from './random/index.ts'
export { conditionsOf } from './runs/environment.ts'
export {
  type Adopted,
  adoptInto,
  type FirstWeights,
  readFirstWeights,
} from './runs/initialWeights.ts'
export { createRun, loadTrained, RUN_FILES, readRun } from './runs/runFolder.ts'
export { train } from './runs/trainer.ts'
export type { TrainOptions, TrainResult } from './runs/trainOptions.ts'
export { type Fitted, fitPlan } from './studies/networks.ts'
export { type Plan, type PlannedRun, planStudy, type StudySettings } from './studies/plan.ts'
export { findStudy, STUDIES, studyNames } from './studies/registry.ts'
export { type Facts, type StudyResults, summarizeStudy } from './studies/results.ts'
export { type Outcome, type RunnerOptions, runStudy, type Trainer } from './studies/runner.ts'
export type { PaperFigure, Study, Variant } from './studies/study.ts'
export { type Config, checkConfig, type Recipe } from './train/config.ts'
export { evaluate } from './train/evaluate.ts'
export { frozenBy } from './train/freeze.ts'
export { crossEntropy } from './train/loss.ts'
export { adamw, type Optimizer, sgd } from './train/optimizers.ts'
export { RECIPES } from './train/recipes.ts'
export { inferenceStep, trainingStep } from './train/step.ts'
export { checkExport, exportOnnx } from './weights/export.ts'
export { type Imported, type ImportOptions, importWeights } from './weights/import.ts'
export { openPredictor } from './weights/predictor.ts'
export { readSafetensors, writeSafetensors } from './weights/safetensors.ts'
export { type Card, readTrained, type Trained, writeTrained } from './weights/trained.ts'
