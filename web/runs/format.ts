/** Runs in words. */

import { about, percent } from '../../src/text/numbers.ts'
import { visible } from '../../src/text/visible.ts'
import type { RunState, RunSummary } from '../../src/ui/protocol.ts'

/** A sign for each state, so that color is not all that tells. */
export const GLYPHS: Readonly<Record<RunState, string>> = {
  running: '●',
  finished: '■',
  stopped: '❚❚',
  died: '▲',
  unreadable: '✕',
}

/** Anybody's names, with what turns text around made visible. */
export const named = (text: string): string => visible(text, 200)

export const stateText = ({ state, stopping, step }: RunSummary): string => {
  if (stopping) return 'stops after this step'
  if (state === 'running') return 'trains'
  if (state === 'died') return step === undefined ? 'died' : `died at step ${step}`
  return state
}

/** Three digits of a loss. */
export const lossText = (loss: number | undefined): string =>
  loss === undefined || !Number.isFinite(loss) ? '–' : loss.toPrecision(3)

export const bestText = ({ best }: RunSummary): string => {
  if (best === undefined) return '–'
  const { metric, value, images = 1000 } = best
  if (metric === 'loss') return `loss ${lossText(value)}`
  // Two decimals mean nothing of so few images.
  return percent(value, images < 1000 ? 1 : 2)
}

export const leftText = ({ state, secondsLeft, stopsEarly, stopping }: RunSummary): string => {
  if (state !== 'running' || stopping) return ''
  if (secondsLeft === undefined) return 'no telling yet'
  return `${stopsEarly ? 'at most ' : ''}${about(secondsLeft)} left`
}

/** A moment as a clock shows it; with the day where that is another. */
export const momentText = (when: Date): string =>
  when.toDateString() === new Date().toDateString()
    ? when.toLocaleTimeString()
    : when.toLocaleString()

/** 0.1 to three digits, whatever its size. */
export const shortNumber = (value: number): string =>
  !Number.isFinite(value)
    ? '–'
    : Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString('en-US')
      : `${Number(value.toPrecision(3))}`
