/** Runs: the trainings of a folder, as they are now. */

import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { Curves } from './components/Curves.tsx'
import { RunList } from './components/RunList.tsx'
import { Differences } from './components/Settings.tsx'
import { Announcements, Silence } from './components/Status.tsx'
import { detailsModel } from './models/details.ts'
import { folder, followRuns, runs, silence } from './models/live.ts'
import { change, followPicks, notices, opened, picked, state, togglePick } from './models/picks.ts'
import { RunPage } from './RunPage.tsx'
import './runs.css'

/** Curves are lower on a telephone. */
const narrow = matchMedia('(max-width: 44rem)')
/** A list that is there sooner than this needs no word about that. */
const WORTH_SAYING = 150

const Empty = () => (
  <section class="panel">
    <h2>No runs in {folder.value} yet</h2>
    <p>A first one, in three minutes, and one on images of yours:</p>
    <pre>
      <code>excite quickstart{'\n'}excite train --data ./my-images</code>
    </pre>
    <p>
      It shows here as soon as it begins. Or <a href="#/train">train in this page</a>, without
      installing anything.
    </p>
  </section>
)

const Loading = () => {
  const isLate = useSignal(false)
  useEffect(() => {
    const timer = setTimeout(() => {
      isLate.value = true
    }, WORTH_SAYING)
    return () => clearTimeout(timer)
  }, [])
  return <p class="faint">{isLate.value ? 'Reading the runs …' : '\u00a0'}</p>
}

const Compared = ({ height }: { readonly height: number }) => {
  const model = useMemo(() => detailsModel(picked), [])
  useEffect(() => model.close, [])
  const known = picked.value.flatMap(id => model.known.value.get(id)?.details ?? [])
  return (
    <div class="stack">
      <Curves ids={picked} known={model.known} height={height} />
      {known.length > 1 && <Differences runs={known} />}
    </div>
  )
}

/** Single keys, while no field has them. */
const onKey = (event: KeyboardEvent): void => {
  const { target, key } = event
  if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return
  if (target.matches('input:not([type=checkbox]), select, textarea')) {
    if (key === 'Escape') target.blur()
    return
  }
  const links = [...document.querySelectorAll<HTMLAnchorElement>('.runs .run a')]
  const now = links.findIndex(link => link.closest('.run')?.contains(document.activeElement))
  const id = links[now]?.hash.split('/').at(-1)
  if (key === '/') document.getElementById('find')?.focus()
  else if (key === 'j') links[Math.min(now + 1, links.length - 1)]?.focus()
  else if (key === 'k') links[Math.max(now - 1, 0)]?.focus()
  else if (key === 'x' && id !== undefined) togglePick(id)
  else if (key === 'l') change({ log: !state.value.log })
  else if (key === 's') change({ smooth: state.value.smooth === 0 ? 0.9 : 0 })
  else return
  event.preventDefault()
}

const All = ({ height }: { readonly height: number }) => (
  <>
    <h1>Runs</h1>
    {runs.value === undefined && silence.value === undefined && <Loading />}
    {runs.value?.size === 0 && <Empty />}
    {runs.value !== undefined && runs.value.size > 0 && (
      <div class="stack">
        {picked.value.length > 0 ? (
          <Compared height={height} />
        ) : (
          <p class="small faint">Check runs to draw their curves together. Keys: / j k x l s</p>
        )}
        <RunList />
      </div>
    )}
  </>
)

const RunsView = () => {
  const isNarrow = useSignal(narrow.matches)
  useEffect(() => {
    void followRuns()
    const unfollow = followPicks()
    const onChange = (): void => {
      isNarrow.value = narrow.matches
    }
    narrow.addEventListener('change', onChange)
    addEventListener('keydown', onKey)
    return () => {
      unfollow()
      narrow.removeEventListener('change', onChange)
      removeEventListener('keydown', onKey)
    }
  }, [])
  const height = isNarrow.value ? 240 : 340
  const id = opened.value
  return (
    <>
      <Silence />
      <Announcements />
      {notices.value.map(text => (
        <p key={text} class="notice">
          {text}
        </p>
      ))}
      {id !== undefined && runs.value !== undefined ? (
        <RunPage key={id} id={id} height={height} />
      ) : (
        <All height={height} />
      )}
    </>
  )
}
export default RunsView
