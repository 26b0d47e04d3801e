/** What the page and its server say to each other. */

import type { Findings } from '../tasks/task.ts'
import type { EpochRow } from '../train/epochRow.ts'

/**
 * Where a run stands. It is `running` while a process holds its lock, `died` where one left its lock
 * behind, `unreadable` where its configuration is.
 */
export type RunState = 'running' | 'finished' | 'stopped' | 'died' | 'unreadable'

/** The best epoch by the run's own metric. */
export interface BestEpoch {
  readonly epoch: number
  readonly metric: string
  readonly value: number
  /** How many images it was measured on, where that is known. */
  readonly images?: number | undefined
}

/** A run in a line of the list. */
export interface RunSummary {
  /** Names it in requests; made of its path, so that it outlives the server. */
  readonly id: string
  /** Its folder, from the folder of runs. */
  readonly name: string
  readonly state: RunState
  readonly model?: string | undefined
  readonly attention?: string | undefined
  readonly data?: string | undefined
  /** Finished epochs, and how many there are to be. */
  readonly epoch: number
  readonly epochs: number
  /** Whether it may stop before, where nothing gets better. */
  readonly stopsEarly?: boolean | undefined
  /** Steps done, as far as they were written down. */
  readonly step?: number | undefined
  /** Steps an epoch. */
  readonly steps?: number | undefined
  /** Mean over the last steps. */
  readonly loss?: number | undefined
  readonly best?: BestEpoch | undefined
  readonly imagesPerSecond?: number | undefined
  /** Where enough steps were made to tell. */
  readonly secondsLeft?: number | undefined
  /** When one of its files last changed, in milliseconds. */
  readonly changed: number
  /** Who trains it. */
  readonly holder?: string | undefined
  /** Whether it was told to stop, and has not yet. */
  readonly stopping?: boolean | undefined
  /** What went wrong when it was last resumed from here, or with its files. */
  readonly problem?: string | undefined
  /** The number of the change that it was last part of. */
  readonly version: number
}

/** The list of runs. */
export interface RunList {
  /** The folder, as it was given. */
  readonly folder: string
  readonly runs: readonly RunSummary[]
}

/** A run in full. */
export interface RunDetails {
  readonly summary: RunSummary
  /** Its `config.json`, as it is. */
  readonly config: Readonly<Record<string, unknown>>
  readonly history: readonly EpochRow[]
  /** Its `model.json`, where it was exported. */
  readonly card?: Readonly<Record<string, unknown>> | undefined
  /** Its folder, as a command takes it. */
  readonly path: string
  /** Which of its files can be downloaded. */
  readonly files: readonly DownloadName[]
}

/** Files of a run that can be downloaded. */
export const DOWNLOADS = [
  'model.onnx',
  'best.safetensors',
  'last.safetensors',
  'config.json',
  'metrics.csv',
  'report.html',
] as const
export type DownloadName = (typeof DOWNLOADS)[number]

/** What a run's network gets wrong, as of an epoch. */
export interface RunReview {
  readonly epoch: number
  readonly images: number
  readonly findings: Findings
}

/** A line of the live stream. */
export type LiveMessage =
  | { readonly kind: 'hello'; readonly version: number; readonly ids: readonly string[] }
  | { readonly kind: 'run'; readonly run: RunSummary }
  | { readonly kind: 'gone'; readonly id: string; readonly version: number }
  | { readonly kind: 'beat'; readonly version: number }

/** What a curve is drawn of, and over what. */
export const CURVE_Y = ['loss', 'metric', 'rate', 'speed'] as const
export type CurveY = (typeof CURVE_Y)[number]
export const CURVE_X = ['step', 'epoch', 'time'] as const
export type CurveX = (typeof CURVE_X)[number]

/** What of a run is drawn, and how. */
export interface CurveRequest {
  readonly y: CurveY
  readonly x: CurveX
  /** How much of the average stays at each step: 0 to less than 1. */
  readonly smooth: number
  /** How many columns at most. */
  readonly width: number
  /** Of x, from where to where; all unless given. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** A failure as the server tells it. */
export interface ServerProblem {
  readonly message: string
}
