/** Which runs are drawn and how, as the address says: a link is a figure. */

import { computed, effect, signal } from '@preact/signals'
import { CURVE_X, CURVE_Y, type CurveX, type CurveY } from '../../../src/ui/protocol.ts'
import { address, goTo } from '../../frame/address.ts'
import {
  choice,
  flag,
  number,
  readState,
  type StateOf,
  text,
  writeState,
} from '../../frame/state.ts'

export const SORTS = ['newest', 'best', 'name', 'state'] as const

const FIELDS = {
  /** Ids of runs. */
  pick: text(''),
  y: choice<CurveY>('loss', CURVE_Y),
  x: choice<CurveX>('step', CURVE_X),
  log: flag(),
  smooth: number(0.9, 0, 0.999),
  /** Of x. */
  from: text(''),
  to: text(''),
  sort: choice('newest', SORTS),
  find: text(''),
}

export const state = signal<StateOf<typeof FIELDS>>(readState(FIELDS, {}).state)
/** What of the address was not understood. */
export const notices = signal<readonly string[]>([])

export const change = (part: Partial<StateOf<typeof FIELDS>>): void => {
  state.value = { ...state.value, ...part }
}

/** The run that has the page for itself. */
export const opened = computed(() => address.value.path.split('/')[1] || undefined)

export const picked = computed<readonly string[]>(() =>
  state.value.pick.split(',').filter(id => id !== ''),
)

export const togglePick = (id: string): void => {
  const now = picked.value
  const next = now.includes(id) ? now.filter(one => one !== id) : [...now, id]
  change({ pick: next.join(',') })
}

/** Keeps address and state alike while the view is there. */
export const followPicks = (): (() => void) => {
  const reading = effect(() => {
    const { path, query } = address.value
    if (path.split('/')[0] !== 'runs') return
    const read = readState(FIELDS, query)
    state.value = read.state
    notices.value = read.notices
  })
  const writing = effect(() => {
    const query = writeState(FIELDS, state.value)
    goTo({ path: address.peek().path, query }, true)
  })
  return () => {
    reading()
    writing()
  }
}
