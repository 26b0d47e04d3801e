/** A study of one's own: the same network, trained by several values of one option of the recipe. */

import { UsageError } from '../errors/index.ts'
import type { Study } from './study.ts'

/** A value, as it was typed, and what it changes in the recipe. */
export interface Value {
  readonly text: string
  readonly changes: object
}

/**
 * The first value is what the others are compared with.
 * @param option - what varies, as it is called
 */
export const varyStudy = (option: string, values: readonly Value[]): Study => {
  const texts = values.map(({ text }) => text)
  if (new Set(texts).size < Math.max(2, texts.length))
    throw new UsageError({
      where: 'study.vary',
      expected: 'two values or more, each once',
      got: texts.join(', ') || 'none',
      hint: 'For example: lr=0.01,0.05,0.1',
    })
  const idOf = (text: string): string => `${option}-${text.replaceAll(/[^\w.]+/g, '_')}`
  return {
    title: `What does ${option} change?`,
    source: `values ${texts.join(', ')} of ${option}`,
    setting: 'none has this question',
    recipe: 'short',
    baseline: idOf(texts[0]),
    variants: values.map(({ text, changes }) => ({
      id: idOf(text),
      name: `${option} ${text}`,
      changes,
    })),
  }
}
