/** Metrics as people read them. */

import { accuracyText, shortAccuracy } from '../text/accuracy.ts'
import { percent } from '../text/numbers.ts'
import type { Best, Curve, Task } from './task.ts'

/** What a task says of an evaluation besides the loss. */
export const figuresOf = (
  { figures, best: { title, ...best } }: Task,
  classes: readonly string[],
): readonly Curve[] => figures?.(classes) ?? [{ ...best, title: title ?? best.metric }]

/** A metric by itself: `93.12 %`, or four digits. */
export const metricText = (value: number, { percent: isShare }: Pick<Curve, 'percent'>): string =>
  isShare ? percent(value) : `${Number(value.toPrecision(4))}`

/** The metric that decides, over so many images: of few a share of them is also a count. */
export const bestText = (value: number, best: Best, images: number): string =>
  best.ofImages ? shortAccuracy(value, images) : metricText(value, best)

/** The same in a sentence: `93.12 % of the test images`, or `mAP 71.2 % on the test images`. */
export const bestSentence = (value: number, best: Best, images: number, what: string): string =>
  best.ofImages
    ? `${accuracyText(value, images)} of the ${what}`
    : `${best.title ?? best.metric} ${metricText(value, best)} on the ${what}`
