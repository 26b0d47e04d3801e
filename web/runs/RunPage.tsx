/** One run: where it stands, its curves, what it gets wrong, its settings. */

import { useComputed, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Problem } from '../components/Problem.tsx'
import { Curves } from './components/Curves.tsx'
import { Review } from './components/Review.tsx'
import { RunActions } from './components/RunActions.tsx'
import { Settings } from './components/Settings.tsx'
import { bestText, GLYPHS, leftText, lossText, momentText, named, stateText } from './format.ts'
import { detailsModel } from './models/details.ts'
import { runs } from './models/live.ts'

export const RunPage = ({ id, height }: { readonly id: string; readonly height: number }) => {
  const ids = useComputed(() => [id])
  const model = useMemo(() => detailsModel(ids), [])
  useEffect(() => model.close, [])
  const run = runs.value?.get(id)
  useSignalEffect(() => {
    const now = runs.value?.get(id)
    if (now !== undefined)
      document.title = `${now.epoch}/${now.epochs} · ${bestText(now)} · ${named(now.name)}`
  })
  if (run === undefined)
    return (
      <p>
        This run is not there any more. <a href="#/runs">All runs</a>
      </p>
    )
  const known = model.known.value.get(id)
  const attention = run.attention === undefined ? '' : ` with ${run.attention}`
  const speed =
    run.imagesPerSecond === undefined ? [] : [`${run.imagesPerSecond.toFixed(0)} images/s`]
  const facts = [
    `${run.epoch} of ${run.epochs} epochs`,
    ...(run.step === undefined ? [] : [`step ${run.step.toLocaleString('en-US')}`]),
    `best ${bestText(run)}${run.best === undefined ? '' : ` after epoch ${run.best.epoch}`}`,
    `loss ${lossText(run.loss)}`,
    ...speed,
    leftText(run),
  ].filter(text => text !== '')
  return (
    <>
      <p class="small">
        <a href="#/runs">‹ All runs</a>
      </p>
      <h1 class="name">{named(run.name)}</h1>
      <p>
        <span class={`state ${run.state}`}>
          <span aria-hidden="true">{GLYPHS[run.state]}</span> {stateText(run)}
        </span>{' '}
        · {named(`${run.model ?? 'no model'}${attention} on ${run.data ?? 'no data'}`)}
      </p>
      <p class="number">{facts.join(' · ')}</p>
      <p class="small faint">
        last change {momentText(new Date(run.changed))}
        {run.holder === undefined ? '' : ` · ${named(run.holder)}`}
      </p>
      <RunActions run={run} details={known?.details} />
      {model.failure.value !== undefined && <Problem error={model.failure.value} />}
      <div class="stack">
        <Curves ids={ids} known={model.known} height={height} />
        {known !== undefined && <Review review={known.review} />}
        {known !== undefined && <Settings run={known.details} />}
      </div>
    </>
  )
}
