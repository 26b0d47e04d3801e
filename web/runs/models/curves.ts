/** Curves of some runs, asked for again whenever a run or the question has changed; one request a run at a time. */

import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { CurveRequest } from '../../../src/ui/protocol.ts'
import { runs } from './live.ts'
import { askCurve, type Curve } from './server.ts'

/** What keeps curves up to date, and ends that. */
export const curvesModel = (
  ids: ReadonlySignal<readonly string[]>,
  request: ReadonlySignal<CurveRequest>,
) => {
  const curves = signal<ReadonlyMap<string, Curve>>(new Map())
  const failure = signal<unknown>(undefined)
  /** What was last asked for of each run. */
  const asked = new Map<string, string>()
  const underWay = new Set<string>()

  const update = async (id: string): Promise<void> => {
    const question = `${runs.peek()?.get(id)?.version} ${JSON.stringify(request.peek())}`
    if (underWay.has(id) || asked.get(id) === question) return
    underWay.add(id)
    asked.set(id, question)
    try {
      const curve = await askCurve(id, request.peek())
      if (ids.peek().includes(id)) curves.value = new Map(curves.peek()).set(id, curve)
      failure.value = undefined
    } catch (error) {
      failure.value = error
    }
    underWay.delete(id)
    if (ids.peek().includes(id)) void update(id)
  }
  const close = effect(() => {
    request.value
    const there = runs.value
    const wanted = ids.value.filter(id => there?.has(id))
    const kept = [...curves.peek()].filter(([id]) => wanted.includes(id))
    if (kept.length < curves.peek().size) curves.value = new Map(kept)
    for (const id of asked.keys()) if (!wanted.includes(id)) asked.delete(id)
    for (const id of wanted) void update(id)
  })
  return { curves, failure, close }
}
