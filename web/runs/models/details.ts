/** Runs in full, kept as long as nothing but steps is new about them; and settings that differ between some. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { RunDetails, RunReview } from '../../../src/ui/protocol.ts'
import { runs } from './live.ts'
import { askJson, ServerFailure } from './server.ts'

/** What of a run its page shows. */
export interface Known {
  readonly details: RunDetails
  readonly review: RunReview | undefined
}

export const detailsModel = (ids: ReadonlySignal<readonly string[]>) => {
  const known = signal<ReadonlyMap<string, Known>>(new Map())
  const failure = signal<unknown>(undefined)
  const asked = new Map<string, string>()
  const update = async (id: string): Promise<void> => {
    try {
      const details = await askJson<RunDetails>(`runs/${id}`)
      const review = await askJson<RunReview>(`runs/${id}/review`).catch((error: unknown) => {
        if (error instanceof ServerFailure && error.status === 404) return undefined
        throw error
      })
      known.value = new Map(known.peek()).set(id, { details, review })
      failure.value = undefined
    } catch (error) {
      failure.value = error
    }
  }
  const close = effect(() => {
    for (const id of ids.value) {
      const run = runs.value?.get(id)
      const now = run && `${run.state} ${run.epoch} ${run.epochs}`
      if (now === undefined || asked.get(id) === now) continue
      asked.set(id, now)
      void update(id)
    }
  })
  return { known, failure, close }
}

/** The settings in a configuration by their paths: `recipe.batch`. */
export const settingsOf = (value: unknown, path = ''): readonly (readonly [string, string])[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, own]) => settingsOf(own, path ? `${path}.${key}` : key))
    : [[path, typeof value === 'string' ? value : JSON.stringify(value)]]

/** The settings that are not the same in all of some configurations; `undefined` where one has none. */
export const differences = (
  configs: readonly Readonly<Record<string, unknown>>[],
): readonly (readonly [setting: string, values: readonly (string | undefined)[]])[] => {
  const all = configs.map(config => new Map(settingsOf(config)))
  const names = [...new Set(all.flatMap(own => [...own.keys()]))]
  return names
    .map(name => [name, all.map(own => own.get(name))] as const)
    .filter(([, values]) => new Set(values).size > 1)
}
