/** All runs, one a row: picked to be drawn, opened to be seen alone. */

import { useComputed } from '@preact/signals'
import type { RunSummary } from '../../../src/ui/protocol.ts'
import { bestText, GLYPHS, leftText, lossText, named, stateText } from '../format.ts'
import { runs } from '../models/live.ts'
import { change, picked, SORTS, state, togglePick } from '../models/picks.ts'

const ORDERS: Readonly<Record<(typeof SORTS)[number], (a: RunSummary, b: RunSummary) => number>> = {
  newest: (a, b) => b.changed - a.changed,
  best: (a, b) => (b.best?.value ?? -1) - (a.best?.value ?? -1),
  name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
  state: (a, b) => a.state.localeCompare(b.state) || b.changed - a.changed,
}

const textOf = ({ name, model, attention, data, state }: RunSummary): string =>
  [name, model, attention, data, state].join(' ').toLowerCase()

const Row = ({ run, place }: { readonly run: RunSummary; readonly place: number }) => {
  const name = named(run.name)
  const left = leftText(run)
  return (
    <li class={place < 0 ? 'run' : `run picked c${place % 7}`}>
      <input
        type="checkbox"
        checked={place >= 0}
        aria-label={`draw ${name}`}
        onChange={() => togglePick(run.id)}
      />
      <a href={`#/runs/${run.id}`} title={name}>
        {name}
      </a>
      <span class={`state ${run.state}`}>
        <span aria-hidden="true">{GLYPHS[run.state]}</span> {stateText(run)}
      </span>
      <span class="number">
        <span class="hidden">epoch </span>
        {run.epoch}/{run.epochs}
      </span>
      <span class="number best">
        <span class="hidden">best </span>
        {bestText(run)}
      </span>
      <span class="number loss">
        <span class="hidden">loss </span>
        {lossText(run.loss)}
      </span>
      <span class="number speed">
        {run.imagesPerSecond !== undefined && `${run.imagesPerSecond.toFixed(0)} images/s`}
      </span>
      <span class="left">{run.problem === undefined ? left : <Why text={run.problem} />}</span>
    </li>
  )
}

const Why = ({ text }: { readonly text: string }) => (
  <span class="why" title={named(text)}>
    {named(text)}
  </span>
)

export const RunList = () => {
  const shown = useComputed(() => {
    const words = state.value.find.toLowerCase().split(/\s+/)
    return [...(runs.value?.values() ?? [])]
      .filter(run => words.every(word => textOf(run).includes(word)))
      .sort(ORDERS[state.value.sort])
  })
  const all = runs.value?.size ?? 0
  const live = [...(runs.value?.values() ?? [])].filter(run => run.state === 'running').length
  return (
    <section aria-label="Runs">
      <div class="row controls">
        <label class="choice find">
          <span>find</span>
          <input
            type="search"
            id="find"
            value={state.value.find}
            onInput={event => change({ find: event.currentTarget.value })}
          />
        </label>
        <label class="choice">
          <span>sort</span>
          <select
            value={state.value.sort}
            onChange={event =>
              change({ sort: event.currentTarget.value as typeof state.value.sort })
            }
          >
            {SORTS.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span class="small faint number">
          {shown.value.length < all ? `${shown.value.length} of ${all}` : `${all} runs`}
          {live > 0 && `, ${live} ${live === 1 ? 'trains' : 'train'}`}
        </span>
      </div>
      <div class="run heads small faint" aria-hidden="true">
        <span />
        <span>run</span>
        <span>state</span>
        <span class="number">epoch</span>
        <span class="number">best</span>
        <span class="number loss">loss</span>
        <span />
        <span />
      </div>
      <ul class="runs">
        {shown.value.map(run => (
          <Row key={run.id} run={run} place={picked.value.indexOf(run.id)} />
        ))}
      </ul>
      {shown.value.length === 0 && all > 0 && <p class="faint">No run has all of these words.</p>}
    </section>
  )
}
