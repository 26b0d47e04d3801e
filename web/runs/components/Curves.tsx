/** The curves of some runs on one plot: of what, over what, how smooth, and as a table. */

import { computed, type ReadonlySignal, useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Point } from '../../../src/report/marks.ts'
import type { EpochRow } from '../../../src/train/epochRow.ts'
import { CURVE_X, CURVE_Y, type CurveX, type CurveY } from '../../../src/ui/protocol.ts'
import { Problem } from '../../components/Problem.tsx'
import { named, shortNumber } from '../format.ts'
import { curvesModel } from '../models/curves.ts'
import type { Known } from '../models/details.ts'
import { runs } from '../models/live.ts'
import { change, state } from '../models/picks.ts'
import { CurvePlot, type Series } from './CurvePlot.tsx'

const Y_NAMES: Readonly<Record<CurveY, string>> = {
  loss: 'loss',
  metric: 'accuracy',
  rate: 'learning rate',
  speed: 'images per second',
}
const X_NAMES: Readonly<Record<CurveX, string>> = {
  step: 'step',
  epoch: 'epoch',
  time: 'seconds',
}
const TABLE_ROWS = 50

interface Props {
  readonly ids: ReadonlySignal<readonly string[]>
  readonly known: ReadonlySignal<ReadonlyMap<string, Known>>
  readonly height: number
}

/** The metric of validation that is not the loss: accuracy, where there is one. */
const metricOf = (row: EpochRow): number => {
  const own = Object.entries(row).filter(([key]) => /^test(?!Loss$)/.test(key))
  return row.testTop1 ?? own[0]?.[1]
}

/** What was measured after epochs, where that is drawn. */
const dotsOf = (known: Known | undefined, y: CurveY, x: CurveX, steps = 0): readonly Point[] => {
  if (known === undefined || y === 'speed' || x === 'time') return []
  const values = {
    loss: (row: EpochRow) => row.testLoss,
    metric: metricOf,
    rate: (row: EpochRow) => row.learningRate,
  }
  return known.details.history.map(
    (row): Point => [x === 'epoch' ? row.epoch : row.epoch * steps, values[y](row)],
  )
}

const Choice = <Name extends string>(props: {
  readonly label: string
  readonly value: Name
  readonly names: readonly Name[]
  readonly texts: Readonly<Record<Name, string>>
  onChange(value: Name): void
}) => (
  <label class="choice">
    <span>{props.label}</span>
    <select
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value as Name)}
    >
      {props.names.map(name => (
        <option key={name} value={name}>
          {props.texts[name]}
        </option>
      ))}
    </select>
  </label>
)

const CurveTable = ({ series, x, y }: { series: readonly Series[]; x: string; y: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
  <section class="scroll" aria-label="the curves as a table" tabIndex={0}>
    <table>
      <thead>
        <tr>
          <th scope="col">run</th>
          <th scope="col" class="number">
            {x}
          </th>
          <th scope="col" class="number">
            {y}, averaged
          </th>
          <th scope="col" class="number">
            lowest
          </th>
          <th scope="col" class="number">
            highest
          </th>
        </tr>
      </thead>
      <tbody>
        {series.flatMap(({ id, name, curve }) => {
          const rows = Math.max(1, Math.floor(TABLE_ROWS / series.length))
          const every = Math.max(1, Math.ceil(curve.x.length / rows))
          const places = [...curve.x.keys()].filter(i => (curve.x.length - 1 - i) % every === 0)
          return places.map(i => (
            <tr key={`${id} ${i}`}>
              <td>{named(name)}</td>
              {[curve.x, curve.average, curve.low, curve.high].map((column, k) => (
                <td key={k} class="number">
                  {shortNumber(column[i])}
                </td>
              ))}
            </tr>
          ))
        })}
      </tbody>
    </table>
  </section>
)

export const Curves = ({ ids, known, height }: Props) => {
  const width = useSignal(800)
  const isTable = useSignal(false)
  const model = useMemo(() => {
    const bound = (text: string): number | undefined => (text === '' ? undefined : Number(text))
    const request = computed(() => {
      const { y, x, smooth, from, to } = state.value
      return { y, x, smooth, from: bound(from), to: bound(to), width: width.value }
    })
    return curvesModel(ids, request)
  }, [])
  useEffect(() => model.close, [])
  const series = useComputed(() => {
    const { y, x } = state.value
    return ids.value.flatMap((id, color): Series[] => {
      const curve = model.curves.value.get(id)
      const run = runs.value?.get(id)
      if (curve === undefined || run === undefined) return []
      const dots = dotsOf(known.value.get(id), y, x, run.steps)
      const [first = 0, last = 0] = [curve.x[0], curve.x.at(-1)]
      const inWindow = dots.filter(([at]) => at >= first && at <= last)
      return [{ id, name: run.name, color, curve, dots: inWindow }]
    })
  })
  const { y, x, log, smooth, from, to } = state.value
  const metric = series.value.find(one => one.curve.metric !== undefined)?.curve.metric
  const yLabel = y === 'metric' && metric !== undefined && metric !== 'top1' ? metric : Y_NAMES[y]
  const steps = series.value.reduce((sum, one) => sum + one.curve.count, 0)
  return (
    <section aria-label="Curves" class="panel">
      <div class="row controls">
        <Choice
          label="of"
          value={y}
          names={CURVE_Y}
          texts={Y_NAMES}
          onChange={value => change({ y: value })}
        />
        <Choice
          label="by"
          value={x}
          names={CURVE_X}
          texts={X_NAMES}
          onChange={value => change({ x: value, from: '', to: '' })}
        />
        <label class="choice smooth">
          <span>smooth</span>
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={smooth}
            aria-valuetext={`${smooth} of the average stays at each step`}
            onInput={event => change({ smooth: Number(event.currentTarget.value) })}
          />
        </label>
        <button type="button" aria-pressed={log} onClick={() => change({ log: !log })}>
          log axis
        </button>
        <button
          type="button"
          aria-pressed={isTable.value}
          onClick={() => {
            isTable.value = !isTable.value
          }}
        >
          as table
        </button>
        {(from !== '' || to !== '') && (
          <button type="button" onClick={() => change({ from: '', to: '' })}>
            whole run
          </button>
        )}
      </div>
      {model.failure.value !== undefined && <Problem error={model.failure.value} />}
      {series.value.length > 1 && (
        <ul class="row legend small">
          {series.value.map(one => (
            <li key={one.id} class={`c${one.color % 7}`}>
              <span class={one.color < 7 ? 'swatch' : 'swatch dashed'} aria-hidden="true" />
              {named(one.name)}{' '}
              <span class="number">{shortNumber(one.curve.average.at(-1) ?? Number.NaN)}</span>
            </li>
          ))}
        </ul>
      )}
      <CurvePlot
        series={series.value}
        xLabel={X_NAMES[x]}
        yLabel={yLabel}
        log={log}
        height={height}
        onWidth={value => {
          width.value = value
        }}
        onZoom={(low, high) =>
          change({ from: `${Number(low.toPrecision(6))}`, to: `${Number(high.toPrecision(6))}` })
        }
      />
      <p class="small faint">
        {ids.value.length > 0 && series.value.length === 0
          ? 'Reading the steps …'
          : `${steps.toLocaleString('en-US')} steps: faint what was measured, strong its average; dots are of validation, after each epoch. Drag over the plot to zoom.`}
      </p>
      {isTable.value && <CurveTable series={series.value} x={X_NAMES[x]} y={yLabel} />}
    </section>
  )
}
