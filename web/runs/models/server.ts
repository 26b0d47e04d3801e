/** Requests to `excite ui`, each with the token; what it refuses is thrown in its own words. */

import type { CurveRequest, RunList, ServerProblem } from '../../../src/ui/protocol.ts'
import { token } from '../../frame/served.ts'

/** A request that the server refused, or that nobody answered. */
export class ServerFailure extends Error {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

const WORDS: Readonly<Record<number, string>> = {
  401: 'this address is of an earlier excite ui: open the one that it printed last',
  404: 'there is no such run any more',
}

/** @throws ServerFailure */
export const ask = async (path: string, options: RequestInit = {}): Promise<Response> => {
  const headers = { authorization: `Excite ${token}`, 'content-type': 'application/json' }
  const response = await fetch(`api/${path}`, { ...options, headers }).catch(() => {
    throw new ServerFailure('excite ui does not answer: is it still running?', 0)
  })
  if (response.ok) return response
  const said = (await response.json().catch(() => undefined)) as ServerProblem | undefined
  const { status } = response
  throw new ServerFailure(said?.message ?? WORDS[status] ?? `refused (${status})`, status)
}

export const askJson = async <Answer>(path: string): Promise<Answer> =>
  (await ask(path)).json() as Promise<Answer>

export const listRuns = (): Promise<RunList> => askJson('runs')

/** Does something with a run. */
export const act = async (id: string, what: string, body: object = {}): Promise<void> => {
  await ask(`runs/${id}/${what}`, { method: 'POST', body: JSON.stringify(body) })
}

export const deleteRun = async (id: string, name: string): Promise<void> => {
  await ask(`runs/${id}`, { method: 'DELETE', body: JSON.stringify({ name }) })
}

/** Saves a file of a run where the browser puts downloads. */
export const download = async (id: string, name: string): Promise<void> => {
  const response = await ask(`runs/${id}/files/${name}`)
  const given = /filename="([^"]*)"/.exec(response.headers.get('content-disposition') ?? '')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = given?.[1] ?? name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** A curve in columns: in each the last x, lowest, highest and averaged value. */
export interface Curve {
  /** How many steps it stands for. */
  readonly count: number
  readonly x: Float32Array
  readonly low: Float32Array
  readonly high: Float32Array
  readonly average: Float32Array
  /** The name of the task's metric. */
  readonly metric: string | undefined
}

const HEAD = 5
const EACH = 4

export const askCurve = async (id: string, request: CurveRequest): Promise<Curve> => {
  const given = Object.entries(request).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given.map(([key, value]) => [key, `${value}`]))
  const response = await ask(`runs/${id}/curve?${query}`)
  const numbers = new Float32Array(await response.arrayBuffer())
  const columns = (numbers.length - HEAD) / EACH
  const column = (k: number): Float32Array =>
    Float32Array.from({ length: columns }, (_, i) => numbers[HEAD + EACH * i + k])
  const metric = response.headers.get('x-excite-metric')
  return {
    count: numbers[0],
    ...{ x: column(0), low: column(1), high: column(2), average: column(3) },
    metric: metric === null ? undefined : decodeURIComponent(metric),
  }
}
