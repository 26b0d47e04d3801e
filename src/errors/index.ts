/** The errors of Excite: a small family of classes that carry data, with one voice. */

import { visible } from '../text/visible.ts'

/** What went wrong, as data; the message is built from it in one place. */
export interface Problem {
  /** The layer path, file, option or operation at fault. */
  readonly where: string
  readonly expected: string
  /** What came instead; `missing` or `no such file` where nothing did. */
  readonly got: string
  /** Facts that help to see why, such as the shapes of the other inputs. */
  readonly context?: string | undefined
  /** What to do about it: a full sentence without its full stop. */
  readonly hint?: string | undefined
}

/** As much of each part as people read; all of it is in the fields. */
const LONGEST_PART = 1000

/**
 * The message of a problem: `expected X, got Y`, and a plain sentence where something is missing.
 * Whatever names from outside it holds, no terminal obeys them.
 */
export const explain = (problem: Problem): string => {
  const part = (name: keyof Problem): string => visible(problem[name] ?? '', LONGEST_PART)
  const [where, expected, got] = [part('where'), part('expected'), part('got')]
  const context = problem.context ? ` (${part('context')})` : ''
  const hint = problem.hint ? `. ${part('hint')}` : ''
  const sentence =
    got === 'missing'
      ? `needs ${expected}`
      : got.startsWith('no such ')
        ? `${got}; expected ${expected}`
        : `expected ${expected}, got ${got}`
  return `${where}: ${sentence}${context}${hint}`
}

/** What a thrown value says. */
export const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)

/** The root of the family: `error instanceof ExciteError` means that Excite itself refused. */
export abstract class ExciteError extends Error implements Problem {
  abstract readonly code: string
  /**
   * What a command that fails with this error exits with: 2 for wrong use, 3 where it could not save,
   * 4 where the training diverged, 1 for all else.
   */
  readonly exitCode: number = 1
  readonly where: string
  readonly expected: string
  readonly got: string
  readonly context?: string | undefined
  readonly hint?: string | undefined

  constructor(problem: Problem, options?: ErrorOptions) {
    super(explain(problem), options)
    this.name = new.target.name
    this.where = problem.where
    this.expected = problem.expected
    this.got = problem.got
    if (problem.context !== undefined) this.context = problem.context
    if (problem.hint !== undefined) this.hint = problem.hint
  }
}

/** A shape, dtype or attribute that an operation or a layer cannot take. */
export class GraphError extends ExciteError {
  readonly code = 'graph'
}

/** Wrong use: an option, an argument, a model or dataset name. */
export class UsageError extends ExciteError {
  readonly code = 'usage'
  override readonly exitCode = 2
}

/** A file that is missing, damaged or not what its name says. */
export class FileError extends ExciteError {
  readonly code: string = 'file'
}

/** A file or folder that cannot be written: a full disk, one that fails, or a place that is not ours. */
export class SaveError extends FileError {
  override readonly code = 'save'
  override readonly exitCode = 3
}

/** Weights that do not fit the network. */
export class WeightError extends ExciteError {
  readonly code = 'weights'
}

/** An engine that is missing, or that failed to compile or run a graph. */
export class EngineError extends ExciteError {
  readonly code = 'engine'
}

/** A loss, gradient, weight or statistic that is no longer a finite number. */
export class DivergenceError extends ExciteError {
  readonly code = 'divergence'
  override readonly exitCode = 4
}

/** Refuses what is wrong with one thing: what was expected of it, and what it is. */
export type Refuse = (expected: string, got: string, hint?: string) => never

/** Makes the function that refuses one thing by errors of one kind, with a usual hint where there is one. */
export const refuser =
  (Kind: new (problem: Problem) => ExciteError, where: string, usual?: string): Refuse =>
  (expected, got, hint = usual) => {
    throw new Kind({ where, expected, got, hint })
  }

/** `[32, 64, 8, 8]`: how shapes are written in every message. */
export const formatShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`
