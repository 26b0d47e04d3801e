/** What a detector says of single images. */

import type { Placement } from '../../data/augment/place.ts'
import type { Dataset } from '../../data/dataset.ts'
import type { Tensors } from '../../engines/engine.ts'
import { percent } from '../../text/numbers.ts'
import { visible } from '../../text/visible.ts'
import type { Answer, Answers, FoundObject } from '../task.ts'
import { AS_IS, detectionsOf } from './detections.ts'
import { SURE } from './errors.ts'

/** An input that is the image itself. */
const IDENTITY: Placement = {
  window: { left: 0, top: 0, width: 1e6, height: 1e6 },
  width: 1e6,
  height: 1e6,
  mirrored: false,
}

const answerOf = (
  outputs: Tensors,
  row: number,
  placement: Placement,
  classes: readonly string[],
): Answer => {
  const { boxes, scores, labels } = detectionsOf(outputs, row, placement)
  const found = Array.from(labels, (label, i): FoundObject => {
    const [x, y, width, height] = boxes.subarray(4 * i, 4 * i + 4)
    return { class: classes[label - 1], score: scores[i], box: [x, y, width, height] }
  }).toSorted((a, b) => b.score - a.score)
  const sure = found.filter(({ score }) => score >= SURE)
  const texts = sure.map(
    ({ class: name, score, box: [x, y, width, height] }) =>
      `${visible(name)} ${percent(score)} at ${Math.round(x)},${Math.round(y)} ${Math.round(width)}×${Math.round(height)}`,
  )
  return {
    found,
    text: texts.length === 0 ? 'nothing' : texts.join('; '),
    fields: { objects: found },
    cells: { objects: sure.length, classes: sure.map(one => one.class).join(' ') },
  }
}

/** The answers of a detector of these classes; text and tables have those of a score of 0.5 or more. */
export const detectionAnswers = (classes: readonly string[]): Answers<Dataset> => {
  const truth = ({ objects }: Dataset, index: number): string => {
    const labels = [...(objects?.of(index).labels ?? [])]
    return labels.map(label => visible(classes[label - 1])).join(', ') || 'nothing'
  }
  return {
    answer: (outputs, row, _top, placement = IDENTITY) =>
      answerOf(outputs, row, placement, classes),
    truth,
    cells: (outputs, row, data, index) => ({
      true: truth(data, index),
      ...answerOf(outputs, row, data.objects?.place(index, AS_IS) ?? IDENTITY, classes).cells,
    }),
  }
}
