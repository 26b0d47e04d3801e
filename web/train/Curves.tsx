/** Loss by step, and accuracy by epoch, of one training or of two side by side. */

import type { Mark } from '../../src/report/marks.ts'
import { Plot } from '../components/Plot.tsx'
import type { TrainModel } from './model.ts'

/** How much of the line is the present loss. */
const WEIGHT = 0.1

/** Debiased, as Adam's averages are, so that the beginning is not pulled to zero. */
const smooth = (points: readonly (readonly [number, number])[]) => {
  let [sum, weight] = [0, 0]
  return points.map(([x, y]): readonly [number, number] => {
    sum += WEIGHT * (y - sum)
    weight += WEIGHT * (1 - weight)
    return [x, sum / weight]
  })
}

export const titleOf = ({ request: { settings } }: TrainModel): string =>
  settings.attention === '' ? 'plain' : settings.attention.split(/[:,]/)[0]

const lossMarks = (model: TrainModel, color: number): readonly Mark[] => {
  const points = model.curve.value.map(({ step, loss }) => [step, loss] as const)
  const perEpoch = (model.opened.value?.steps ?? 0) / model.request.settings.epochs
  return [
    { kind: 'dots', points, color, radius: 1, opacity: 0.35 },
    { kind: 'line', points: smooth(points), color, label: titleOf(model) },
    {
      kind: 'dots',
      points: model.rows.value.map(({ epoch, testLoss }) => [epoch * perEpoch, testLoss] as const),
      color,
      radius: 4,
    },
  ]
}

const accuracyMarks = (model: TrainModel, color: number): readonly Mark[] => {
  const points = model.rows.value.map(row => [row.epoch, 100 * row.testTop1] as const)
  return [
    { kind: 'line', points, color, label: points.length > 0 ? titleOf(model) : undefined },
    { kind: 'dots', points, color },
  ]
}

export const Curves = ({ models }: { readonly models: readonly TrainModel[] }) => {
  const [{ request, opened }] = models
  const { epochs } = request.settings
  const last = models.map(model => {
    const row = model.rows.value.at(-1)
    return `${titleOf(model)} ${row === undefined ? 'not evaluated yet' : `${(100 * row.testTop1).toFixed(1)} %`}`
  })
  return (
    <div class="plots">
      <Plot
        title="Loss by step"
        width={440}
        height={260}
        label={`Loss by step of ${last.join(', ')}`}
        x={{ label: 'step', domain: [0, opened.value?.steps ?? 1], whole: true }}
        y={{}}
        marks={models.flatMap(lossMarks)}
      />
      <Plot
        title="Accuracy on test images (%)"
        width={440}
        height={260}
        label={`Accuracy by epoch: ${last.join(', ')}`}
        x={{ label: 'epoch', domain: [0, epochs + 0.2], whole: true }}
        y={{ domain: [0, 100] }}
        marks={models.flatMap(accuracyMarks)}
      />
    </div>
  )
}
