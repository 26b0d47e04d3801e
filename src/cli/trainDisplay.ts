/** What a training shows while it runs. */

import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import type { LaunchOptions, Started } from '../runs/launch.ts'
import { RUN_FILES } from '../runs/runFolder.ts'
import type { StepReport } from '../runs/trainOptions.ts'
import { bestText, metricText } from '../tasks/metricText.ts'
import { CLASSIFICATION } from '../tasks/registry.ts'
import type { Task } from '../tasks/task.ts'
import { hasTop5 } from '../text/accuracy.ts'
import { columnOf, type EpochRow } from '../train/epochRow.ts'
import { imagesText } from './dataOptions.ts'
import { engineText } from './engineOption.ts'
import { count, duration, percent } from './output.ts'
import { bar, progressLine } from './progressLine.ts'

export interface TrainDisplay {
  step(report: StepReport): void
  epoch(row: EpochRow, epochs: number): void
  line(text: string): void
  clear(): void
}

/** How much a new speed counts against those before: about the last twenty steps. */
const WEIGHT = 0.05

/** More than this is worth saying: more workers, or a faster disk, would shorten the training. */
const STARVED = 0.05

const waited = ({ seconds, waiting = 0 }: EpochRow): string =>
  waiting > STARVED * seconds ? ` (${percent(waiting / seconds, 0)} waiting for images)` : ''

/** What a training begins with, in a line or a few. */
export const startLines = (
  { config, engine, transferred, badImages }: Started,
  { train, validation, folder }: Pick<LaunchOptions, 'train' | 'validation' | 'folder'>,
): readonly string[] => {
  const { labels, shape, classes } = train
  const lines = [
    `${config.model}${config.attention ? ` with ${config.attention}` : ''} on ${config.data}: ${count(labels.length)} images of ${shape.join('×')}, ${classes.length} ${[undefined, CLASSIFICATION].includes(config.task) ? 'classes' : `outputs (${config.task})`}; ${imagesText(validation)} to evaluate; ${engineText(engine)}, ${config.threads ?? 'all'} thread${config.threads === 1 ? '' : 's'} → ${folder}`,
  ]
  if (transferred !== undefined) {
    const { tensors, fresh } = transferred
    const names = `${fresh.slice(0, 4).join(', ')}${fresh.length > 4 ? `, … (${fresh.length})` : ''}`
    lines.push(
      `${count(tensors.size)} tensors from ${config.weights}${fresh.length === 0 ? '' : `; new: ${names}`}`,
    )
  }
  if (badImages !== undefined && badImages.count > 0) {
    const [first] = badImages.images
    lines.push(
      `${count(badImages.count)} of ${count(badImages.checked)} images are bad (${badImages.policy}), listed in ${join(folder, RUN_FILES.bad)}; the first: ${first.file}: ${first.reason}`,
    )
  }
  return lines
}

/**
 * @param label - stands before each line, where several trainings share a screen
 * @param evaluated - the images that each epoch ends with: of a published test set, or of validation
 */
export const trainDisplay = (
  quiet: boolean,
  label: string,
  evaluated: Pick<Dataset, 'split' | 'labels' | 'classes'>,
  { best }: Pick<Task, 'best'>,
): TrainDisplay => {
  const { metric, title = metric } = best
  /** An accuracy needs no name. */
  const named = best.ofImages ? '' : `${title} `
  const { update, line, clear } = progressLine(quiet)
  let speed: number | undefined
  return {
    step: ({ epoch, epochs, step, steps, metrics, batch, imagesPerSecond }) => {
      speed = speed === undefined ? imagesPerSecond : speed + WEIGHT * (imagesPerSecond - speed)
      const left = (((epochs - epoch) * steps + steps - step) * batch) / speed
      const at = `${label}epoch ${epoch}/${epochs}`
      const counted = `${step}/${steps}`
      const loss = `loss ${metrics.loss.toFixed(4)}`
      // What an epoch is judged by may be measured on the whole of it alone.
      const measured = Object.hasOwn(metrics, metric)
        ? [`${best.ofImages ? 'acc' : title} ${metricText(metrics[metric], best)}`]
        : []
      const rest = `${duration(left)} left`
      const lines = [
        [at, bar(step / steps), counted, loss, ...measured, `${speed.toFixed(0)} images/s`, rest],
        [at, bar(step / steps, 8), counted, loss, ...measured, rest],
        [at, counted, loss, rest],
        [at, counted, rest],
        [at, rest],
        [`${epoch}/${epochs}`, rest],
      ]
      update(lines.map(parts => parts.join('  ')))
    },
    epoch: (row, epochs) => {
      const at = `${label}epoch ${String(row.epoch).padStart(String(epochs).length)}/${epochs}`
      const trained = row[columnOf('train', metric)]
      const tested = bestText(row[columnOf('test', metric)], best, evaluated.labels.length)
      const result = `${evaluated.split} ${named}${tested}`
      const parts = [
        at,
        `loss ${row.trainLoss.toFixed(4)}`,
        ...(trained === undefined ? [] : [`train ${named}${metricText(trained, best)}`]),
        result,
      ]
      const top5 =
        best.ofImages && hasTop5(evaluated.classes) ? [`top-5 ${percent(row.testTop5)}`] : []
      const time = duration(row.seconds)
      const lines = [
        [...parts, ...top5, `${time}${waited(row)}`],
        [...parts, `${time}${waited(row)}`],
        [...parts, time],
        [at, result, time],
      ]
      line(lines.map(texts => texts.join('  ')))
    },
    line: text => line(`${label}${text}`),
    clear,
  }
}
