/** What a classifier says of single images: its likeliest classes. */

import type { Tensors } from '../engines/engine.ts'
import { softmax } from '../tensor/probabilities.ts'
import { percent } from '../text/numbers.ts'
import { visible } from '../text/visible.ts'
import type { Answers } from './task.ts'

/** Six digits: what a float32 knows of a share. */
export const sixDigits = (value: number): number => Number(value.toPrecision(6))

/** What an output holds of one image, where it has so many numbers of each. */
export const numbersOfRow = (data: ArrayLike<number>, row: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, k) => data[row * count + k])

/** The answers of a classifier that knows these classes. */
export const classAnswers = (classes: readonly string[]): Answers => {
  const probabilitiesOf = ({ logits: { data } }: Tensors, row: number): number[] =>
    softmax(numbersOfRow(data, row, classes.length))
  return {
    answer: (outputs, row, top = classes.length) => {
      const probabilities = probabilitiesOf(outputs, row)
      const likeliest = classes
        .map((name, k) => ({ class: name, probability: probabilities[k] }))
        .sort((a, b) => b.probability - a.probability)
        .slice(0, top)
      return {
        text: likeliest.map(one => `${visible(one.class)} ${percent(one.probability)}`).join(', '),
        fields: { classes: likeliest },
        cells: Object.fromEntries(
          likeliest.flatMap((one, i) => [
            [`predicted${i + 1}`, one.class],
            [`p${i + 1}`, sixDigits(one.probability)],
          ]),
        ),
      }
    },
    truth: ({ labels }, index) => classes[labels[index]],
    cells: (outputs, row, { labels }, index) => {
      const probabilities = probabilitiesOf(outputs, row)
      return {
        class: classes[labels[index]],
        predicted: classes[probabilities.indexOf(Math.max(...probabilities))],
        ...Object.fromEntries(classes.map((name, k) => [`p_${name}`, sixDigits(probabilities[k])])),
      }
    },
  }
}
