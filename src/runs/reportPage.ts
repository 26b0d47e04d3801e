/** Pages about a trained network: how its training went, and what it gets wrong. */

import { basename } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { thumbnailUri } from '../data/decode/dataUri.ts'
import { VERSION } from '../platform/node/version.ts'
import { figure, page, paragraph, type Section } from '../report/html.ts'
import { legend } from '../report/legend.ts'
import type { Mark, Point } from '../report/marks.ts'
import { plot } from '../report/plot.ts'
import type { Figure } from '../report/svg.ts'
import { tableMarkup } from '../report/table.ts'
import type { Curve } from '../tasks/task.ts'
import { count, duration } from '../text/numbers.ts'
import type { Config } from '../train/config.ts'
import { columnOf, type EpochRow, metricsOf } from '../train/epochRow.ts'

const TRAINING = 'faint'
const VALIDATION = 0
/** Dots would cover the line where there are more epochs. */
const DOTTED_EPOCHS = 30

const curve = (
  title: string,
  lines: readonly { readonly points: readonly Point[]; readonly color: typeof TRAINING | number }[],
  label: string | undefined,
  best?: number,
): Figure =>
  plot({
    title,
    height: 220,
    x: { label: 'epoch', whole: true },
    y: label === undefined ? {} : { label },
    marks: [
      ...(best === undefined ? [] : [{ kind: 'rule', x: best, label: 'best' } as const]),
      ...lines.flatMap(({ points, color }): Mark[] => [
        { kind: 'line', points, color },
        ...(points.length <= DOTTED_EPOCHS
          ? [{ kind: 'dots', points, color, radius: 2.5 } as const]
          : []),
      ]),
    ],
  })

/**
 * The course of a training over its epochs.
 * @param split - what the images are called that every epoch is evaluated on
 */
export const curvesSection = (
  history: readonly EpochRow[],
  curves: readonly Curve[] | undefined,
  best: EpochRow | undefined,
  split: string,
): Section => {
  const drawn: readonly Curve[] =
    curves ?? Object.keys(metricsOf('test', history[0])).map(metric => ({ metric, title: metric }))
  const points = (split: 'train' | 'test', { metric, percent }: Curve): readonly Point[] =>
    history.map(row => [row.epoch, row[columnOf(split, metric)] * (percent ? 100 : 1)])
  const figures = drawn.map(one =>
    curve(
      one.title,
      [
        { points: points('train', one), color: TRAINING },
        { points: points('test', one), color: VALIDATION },
      ],
      one.percent ? '%' : undefined,
      best?.epoch,
    ),
  )
  const rates = history.map(({ epoch, learningRate }): Point => [epoch, learningRate])
  const key = legend([
    { text: split, color: VALIDATION },
    { text: 'training', color: TRAINING },
  ])
  return {
    heading: 'Learning curves',
    body: [
      figure(
        [...figures, curve('Learning rate', [{ points: rates, color: VALIDATION }], undefined)],
        `Training is measured during the epoch, with augmentation and dropout; ${split} after it. The learning rate is that of the epoch’s end.`,
        { key },
      ),
    ],
  }
}

/** Decided what the network is: the whole is in `config.json`. */
export const settingSection = (config: Config, history: readonly EpochRow[]): Section => {
  const { model, attention, data, engine, seed, recipe } = config
  const { optimizer, learningRate, weightDecay, batch, epochs, schedule } = recipe
  const seconds = history.reduce((sum, row) => sum + row.seconds, 0)
  const rows = [
    ['network', attention === undefined ? model : `${model}, attention ${attention}`],
    ['images', data],
    ['epochs', `${history.length} of ${epochs}, in ${duration(seconds)}`],
    ['batch', count(batch)],
    ['optimizer', `${optimizer.kind}, learning rate ${learningRate}, weight decay ${weightDecay}`],
    ['schedule', schedule.kind],
    ['seed', `${seed}`],
    ['engine', engine],
  ]
  return {
    heading: 'Setting',
    body: [
      tableMarkup({ columns: [{ heading: '' }, { heading: '' }], rows }),
      paragraph('config.json beside this page has everything that decided the training.'),
    ],
  }
}

/** How large a thumbnail is at most: as large as a gallery shows it. */
const SIDE = 112

/** Thumbnails of a dataset's images; those that are asked for again and again are made once. */
export const thumbnailsOf = ({ read, shape }: Pick<Dataset, 'read' | 'shape'>) => {
  const made = new Map<number, string>()
  return async (index: number): Promise<string> => {
    const known = made.get(index) ?? (await thumbnailUri(await read(index), shape, SIDE))
    made.set(index, known)
    return known
  }
}

export interface ReportPage {
  readonly model: string
  /** The dataset that it is about, by name or path. */
  readonly data: string
  readonly subtitle: string
  readonly introduction?: string | undefined
  readonly sections: readonly Section[]
  /** The command that writes it again. */
  readonly command?: string | undefined
}

/** The text of a page about a trained network. */
export const reportPage = ({ model, data, command, ...rest }: ReportPage): string =>
  page({
    title: `${model} on ${basename(data)}`,
    ...rest,
    footer: [`Excite ${VERSION}`, ...(command === undefined ? [] : [command])].join(' · '),
  })
