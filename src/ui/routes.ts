/** What can be asked of the server, and what it answers. */

import { join } from 'node:path'
import { FileError, UsageError } from '../errors/index.ts'
import { RUN_FILES } from '../runs/runFolder.ts'
import type { Actions } from './actions.ts'
import { openConfined, readConfined } from './confined.ts'
import { curveOf } from './curve.ts'
import {
  CURVE_X,
  CURVE_Y,
  DOWNLOADS,
  type RunDetails,
  type RunList,
  type RunReview,
} from './protocol.ts'
import type { Run, RunIndex } from './runIndex.ts'
import { StepColumns } from './stepColumns.ts'
import { readFacts } from './summary.ts'

const LARGEST_CARD = 1e6
const LARGEST_REVIEW = 3e7
/** Runs whose steps are kept: more than have colors of their own. */
const KEPT_COLUMNS = 16
const WIDEST = 4000

/** An answer: JSON, numbers, or a file of the run. */
export type Answer =
  | { readonly json: unknown }
  | { readonly numbers: Float32Array; readonly metric?: string | undefined }
  | { readonly file: NonNullable<Awaited<ReturnType<typeof openConfined>>>; readonly name: string }

/** A request, taken apart. */
export interface ApiRequest {
  readonly method: string
  /** Between slashes, after `api`. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

/** A refusal that has a status of its own. */
export class Refusal {
  readonly status: number
  constructor(status: number) {
    this.status = status
  }
}

const oneOf = <Name extends string>(text: string | null, names: readonly Name[]): Name =>
  names.find(name => name === text) ?? names[0]

const numberOf = (text: string | null): number | undefined => {
  const value = text === null || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}

const within = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

export class Routes {
  readonly #folder: string
  readonly #index: RunIndex
  readonly #actions: Actions
  readonly #columns = new Map<string, StepColumns>()

  /** @param folder - of the runs, as it was given */
  constructor(folder: string, index: RunIndex, actions: Actions) {
    this.#folder = folder
    this.#index = index
    this.#actions = actions
  }

  /** @throws Refusal for what there is not; the errors of whoever reads a run's files */
  async answer({ method, path, query, body }: ApiRequest): Promise<Answer> {
    const [what, id, part, name, ...more] = path
    if (what !== 'runs' || more.length > 0) throw new Refusal(404)
    if (id === undefined) return this.#only(method, 'GET', () => this.#list())
    const run = this.#index.run(id)
    if (run === undefined) throw new Refusal(404)
    if (name !== undefined && part !== 'files') throw new Refusal(404)
    switch (part) {
      case undefined:
        if (method === 'DELETE') return this.#done(this.#actions.delete(run, body.name))
        return this.#only(method, 'GET', () => this.#details(run))
      case 'curve':
        return this.#only(method, 'GET', () => this.#curve(run, query))
      case 'review':
        return this.#only(method, 'GET', () => this.#review(run))
      case 'files':
        return this.#only(method, 'GET', () => this.#file(run, name))
      case 'stop':
        return this.#only(method, 'POST', () => this.#done(this.#actions.stop(run)))
      case 'resume':
        return this.#only(method, 'POST', () =>
          this.#done(this.#actions.resume(run, { compatible: body.compatible === true })),
        )
      case 'export':
        return this.#only(method, 'POST', () => this.#done(this.#actions.export(run)))
      default:
        throw new Refusal(404)
    }
  }

  #only(method: string, allowed: string, answer: () => Promise<Answer>): Promise<Answer> {
    if (method === allowed) return answer()
    throw new Refusal(405)
  }

  async #done(work: Promise<void>): Promise<Answer> {
    await work
    return { json: {} }
  }

  async #list(): Promise<Answer> {
    await this.#index.refresh()
    const runs = this.#index.runs.map(({ summary }) => summary)
    return { json: { folder: this.#folder, runs } satisfies RunList }
  }

  async #details({ path, summary }: Run): Promise<Answer> {
    const { config, history } = await readFacts(path)
    const card = await readConfined(path, 'model.json', LARGEST_CARD)
    const there = await Promise.all(
      DOWNLOADS.map(async name => {
        const file = await openConfined(path, name).catch(() => undefined)
        await file?.close()
        return file === undefined ? [] : [name]
      }),
    )
    const details: RunDetails = {
      summary,
      config,
      history,
      card: card === undefined ? undefined : JSON.parse(card),
      path: join(this.#folder, summary.name),
      files: there.flat(),
    }
    return { json: details }
  }

  async #curve({ id, path }: Run, query: URLSearchParams): Promise<Answer> {
    const columns = this.#columns.get(id) ?? new StepColumns(path)
    // The least recently asked for goes first.
    this.#columns.delete(id)
    this.#columns.set(id, columns)
    for (const key of [...this.#columns.keys()].slice(0, -KEPT_COLUMNS)) this.#columns.delete(key)
    const [{ config }] = await Promise.all([readFacts(path), columns.update()])
    const numbers = curveOf(columns.columns, {
      y: oneOf(query.get('y'), CURVE_Y),
      x: oneOf(query.get('x'), CURVE_X),
      smooth: within(numberOf(query.get('smooth')) ?? 0, 0, 0.9999),
      width: Math.floor(within(numberOf(query.get('width')) ?? 800, 1, WIDEST)),
      from: numberOf(query.get('from')),
      to: numberOf(query.get('to')),
      batch: config.recipe.batch,
    })
    return { numbers, metric: columns.metric }
  }

  async #review({ path }: Run): Promise<Answer> {
    const text = await readConfined(path, RUN_FILES.review, LARGEST_REVIEW)
    if (text === undefined) throw new Refusal(404)
    return { json: JSON.parse(text) as RunReview }
  }

  async #file({ path, summary }: Run, wanted: string | undefined): Promise<Answer> {
    const name = DOWNLOADS.find(name => name === wanted)
    const file = name === undefined ? undefined : await openConfined(path, name)
    if (file === undefined) throw new Refusal(404)
    return { file, name: `${summary.name.replaceAll(/[^\w.-]/g, '_')}-${name}` }
  }
}

/** What an error of ours is told as. */
export const statusOf = (error: unknown): number =>
  error instanceof UsageError ? 409 : error instanceof FileError ? 422 : 500
