/** An analysis as a folder: `report.html` in one file, figures as SVG, numbers as CSV and JSON. */

import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { page } from '../report/html.ts'
import { svgFile } from '../report/svg.ts'
import { thumbnailsOf } from '../runs/reportPage.ts'
import { accuracySections } from '../tasks/classificationReview.ts'
import { count } from '../text/numbers.ts'
import type { Analysis } from './analysis.ts'
import { ablationPart } from './figures/ablation.ts'
import { costPart } from './figures/cost.ts'
import { gatesPart } from './figures/gates.ts'
import { channelsParts, excitationParts } from './figures/kinds.ts'
import { mapsPart } from './figures/maps.ts'
import type { Part } from './figures/part.ts'
import { selectionPart } from './figures/selection.ts'
import type { MapImage } from './maps.ts'

export const REPORT_FILES = {
  page: 'report.html',
  numbers: 'inspect.json',
  figures: 'figures',
  tables: 'tables',
} as const

export interface ReportOptions {
  readonly subtitle: string
  readonly footer: string
  /** Classes to draw. */
  readonly classes?: readonly string[]
  /** What the analysis explained. */
  readonly images?: readonly MapImage[]
  /** [C, H, W] of the images. */
  readonly shape?: readonly number[]
  /** What the analysis looked at. */
  readonly dataset?: Dataset
}

export type Reported = Pick<Analysis, 'model' | 'cost'> & Partial<Analysis>

/** How many images of each class an analysis looked at. */
export const imagesText = ({ imagesByClass }: Pick<Analysis, 'imagesByClass'>): string => {
  const [least, most] = [Math.min(...imagesByClass), Math.max(...imagesByClass)]
  const classes = `${imagesByClass.length} classes`
  const note = most < 2 ? '; two of one class are needed to tell what classes do' : ''
  return `${least === most ? count(least) : `${count(least)} to ${count(most)}`} of each of ${classes}${note}`
}

/** The parts that an analysis has something for. */
export const partsOf = async (
  analysis: Reported,
  { classes = [], images = [], shape = [], dataset }: ReportOptions,
): Promise<readonly Part[]> => {
  const { excitation = [], selection = [], gates = [], maps = [], outcomes = [] } = analysis
  const { ablation, cost, plain } = analysis
  const accuracy =
    dataset === undefined || outcomes.length === 0
      ? []
      : await accuracySections(outcomes, dataset, thumbnailsOf(dataset))
  return [
    ...accuracy.map(section => ({ ...section, figures: {}, tables: {} })),
    ...(gates.length > 0 ? [gatesPart(gates)] : []),
    ...excitationParts(excitation, classes),
    ...(ablation === undefined ? [] : [ablationPart(ablation)]),
    ...(selection.length > 0 ? [selectionPart(selection)] : []),
    ...(await channelsParts(excitation, classes)),
    ...(maps.length > 0 ? [await mapsPart(maps, images, shape)] : []),
    costPart(analysis.model, cost, plain),
  ]
}

/** Seven digits: what a float32 knows. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(7)) : value

export interface Written {
  readonly title: string
  readonly subtitle: string
  readonly introduction?: string | undefined
  readonly footer: string
}

/**
 * Writes a folder of parts and of the numbers behind them, the page last; files of an earlier report
 * are replaced.
 * @returns the path of the page
 * @throws FileError when a file cannot be written
 */
export const writeParts = async (
  folder: string,
  name: string,
  parts: readonly Part[],
  numbers: unknown,
  written: Written,
): Promise<string> => {
  for (const { figures, tables } of parts) {
    for (const [file, figure] of Object.entries(figures))
      await writeFileAtomic(
        join(folder, REPORT_FILES.figures, `${file}.svg`),
        svgFile(figure, `${name}: ${file.replaceAll('-', ' ')}`),
      )
    for (const [file, text] of Object.entries(tables))
      await writeFileAtomic(join(folder, REPORT_FILES.tables, `${file}.csv`), text)
  }
  const json = `${JSON.stringify(numbers, rounded, 1)}\n`
  await writeFileAtomic(join(folder, REPORT_FILES.numbers), json)
  const path = join(folder, REPORT_FILES.page)
  await writeFileAtomic(path, page({ ...written, sections: parts }))
  return path
}

const BLOCKS =
  'An attention block looks at all of a feature map and then decides, for each image, how much of each channel goes on: most multiply a channel by a gate, where 0 shuts it and 1 lets it pass. Blocks have the papers’ names: 2_1 is the first of stage conv2_x, which the weights call layer1.0 (or stage2.0).'

/** An analysis, written as a folder. */
export const writeReport = async (
  folder: string,
  analysis: Reported,
  options: ReportOptions,
): Promise<string> => {
  const { subtitle, footer } = options
  const { model, attention, cost, excitation = [] } = analysis
  const title = `Inside ${model}${attention === undefined ? '' : ` with ${attention}`}`
  const parts = await partsOf(analysis, options)
  const introduction = cost.attention.parameters > 0 || excitation.length > 0 ? BLOCKS : undefined
  return writeParts(folder, model, parts, analysis, { title, subtitle, introduction, footer })
}
