/** Gates by depth as figures: Yang et al., Figure 5. */

import { extent, max } from 'd3-array'
import { figure, paragraph } from '../../report/html.ts'
import type { Mark, Point } from '../../report/marks.ts'
import { plot } from '../../report/plot.ts'
import { tableMarkup } from '../../report/table.ts'
import { percent, signed } from '../../text/numbers.ts'
import { csv } from '../../text/table.ts'
import { type GateLayer, gateStages } from '../gates.ts'
import { type Part, sheet } from './part.ts'

/** A kernel density at evenly spaced places, with Silverman's width. */
const density = (values: readonly number[], std: number, at: readonly number[]): number[] => {
  const width = Math.max(1.06 * std * values.length ** -0.2, 0.01)
  return at.map(
    place =>
      values.reduce((sum, value) => sum + Math.exp(-0.5 * ((place - value) / width) ** 2), 0) /
      (values.length * width * Math.sqrt(2 * Math.PI)),
  )
}

const STEPS = 120
/** How far the tallest density reaches over the layers above it. */
const OVERLAP = 2.2

/** The numbers of the layers, of many every fifth or tenth. */
const ticks = (layers: readonly GateLayer[]) => {
  const step = layers.length <= 12 ? 1 : layers.length <= 60 ? 5 : 10
  return layers.flatMap(({ index }) =>
    index % step === 0 ? [{ at: index, text: `${index}` }] : [],
  )
}

const ridges = (layers: readonly GateLayer[]) => {
  const [low = 0, high = 0] = extent([0, ...layers.flatMap(({ gamma }) => gamma)])
  const margin = (high - low) * 0.08 || 0.1
  const step = (high - low + 2 * margin) / STEPS
  const at = Array.from({ length: STEPS + 1 }, (_, i) => low - margin + step * i)
  // Heights as log(1 + z), like the paper's, so that a sharp peak leaves the others visible.
  const heights = layers.map(({ gamma, std }) => density(gamma, std, at).map(Math.log1p))
  const most = max(heights.flat()) || 1
  const marks = layers
    .map(({ index, stage }, l): readonly Mark[] => {
      const points = at.map((place, i): Point => [place, index + (OVERLAP * heights[l][i]) / most])
      const ranges = points.map(([x, y]) => [x, index, y] as const)
      return [
        { kind: 'band', ranges, color: stage - 1 },
        { kind: 'line', points, color: stage - 1, width: 1.1 },
      ]
    })
    .reverse()
    .flat()
  return plot({
    title: 'Density of γ by layer',
    height: 120 + 13 * layers.length,
    x: { label: 'γ' },
    y: { label: 'layer, from the image upwards', ticks: ticks(layers) },
    marks: [{ kind: 'rule', x: 0 }, ...marks],
  })
}

/** Where stages begin, as lines across a plot over layers. */
const borders = (layers: readonly GateLayer[]): readonly Mark[] =>
  layers.flatMap(({ stage, index }, i) =>
    i === 0 || layers[i - 1].stage === stage
      ? []
      : [{ kind: 'rule', x: index - 0.5, label: `stage ${stage}` }],
  )

const means = (layers: readonly GateLayer[]) =>
  plot({
    title: 'Mean and standard deviation of γ',
    width: 480,
    x: { label: 'layer', whole: true },
    y: { label: 'γ' },
    marks: [
      ...borders(layers),
      { kind: 'rule', y: 0 },
      {
        kind: 'intervals',
        ranges: layers.map(({ index, mean, std }) => [index, mean - std, mean + std]),
      },
      { kind: 'dots', points: layers.map(({ index, mean }) => [index, mean]) },
    ],
  })

const ratios = (layers: readonly GateLayer[]) => {
  const points = layers.map(({ index, varianceRatio }): Point => [index, varianceRatio])
  return plot({
    title: 'Variance of output over input',
    width: 480,
    x: { label: 'layer', whole: true },
    y: { label: 'ratio', log: true },
    marks: [
      ...borders(layers),
      { kind: 'rule', y: 1 },
      { kind: 'line', points },
      { kind: 'dots', points },
    ],
  })
}

const reading = (layers: readonly GateLayer[]): string => {
  const cooperating = layers.filter(({ reading }) => reading === 'cooperation').length
  const half = Math.ceil(layers.length / 2)
  const early = layers.slice(0, half).filter(({ mean }) => mean < 0).length
  return `${cooperating} of ${layers.length} layers cooperate (mean γ below 0: channels that stand out are damped), ${layers.length - cooperating} compete. Of those in the half nearer the image ${early} of ${half} cooperate; the paper finds cooperation there and competition near the output.`
}

export const gatesPart = (layers: readonly GateLayer[]): Part => {
  const figures = [ridges(layers), means(layers), ratios(layers)]
  const stages = gateStages(layers)
  return {
    heading: 'Gates by depth',
    body: [
      paragraph(reading(layers)),
      figure(
        figures,
        'Density of γ in each layer (height log(1 + density)), colored by stage; its mean and standard deviation; and the ratio of variances: each channel’s variance over images and places, averaged over channels, after the block over before it; above 1 the block spreads, below 1 it evens out.',
      ),
      tableMarkup({
        columns: [
          { heading: 'stage' },
          { heading: 'layers', right: true },
          { heading: 'mean γ', right: true },
          { heading: 'std', right: true },
          { heading: '|γ| below 0.05', right: true },
        ],
        rows: stages.map(one => [
          `${one.stage}`,
          `${one.layers}`,
          signed(one.mean, 3),
          one.std.toFixed(3),
          percent(one.nearZero, 1),
        ]),
      }),
    ],
    figures: {
      'gates-density': figures[0],
      'gates-mean': figures[1],
      'gates-variance': sheet([figures[2]]),
    },
    tables: {
      gates: csv(layers.map(({ gamma, ...layer }) => ({ ...layer, channels: gamma.length }))),
      'gates-gamma': csv(
        layers.flatMap(({ path, index, gamma }) =>
          gamma.map((value, channel) => ({ layer: index, path, channel, gamma: value })),
        ),
      ),
    },
  }
}
