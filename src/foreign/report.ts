/** What is known of a foreign model as a folder, like the report of our own networks. */

import { channelsParts, excitationParts } from '../inspect/figures/kinds.ts'
import { writeParts } from '../inspect/report.ts'
import type { ForeignAnalysis } from './analysis.ts'
import { foreignBlocksPart, foreignCostPart } from './figures.ts'
import { preprocessingText } from './preprocessing.ts'

export interface ForeignReportOptions {
  /** Classes to draw. */
  readonly classes: readonly string[]
  /** What the images are called, where there are some. */
  readonly images: string | undefined
  readonly footer: string
}

/** @returns the path of the page */
export const writeForeignReport = async (
  folder: string,
  analysis: ForeignAnalysis,
  { classes, images, footer }: ForeignReportOptions,
): Promise<string> => {
  const { model, producer, opset, nodes, functions, preprocessing, excitation = [] } = analysis
  const seen =
    preprocessing === undefined
      ? 'Read, not run: there are its blocks and their cost.'
      : `Run on ${analysis.images} images of ${images}: ${preprocessingText(preprocessing)}.`
  const parts = [
    foreignBlocksPart(analysis),
    ...excitationParts(excitation, classes),
    ...(await channelsParts(excitation, classes)),
    foreignCostPart(analysis),
  ]
  return writeParts(folder, model, parts, analysis, {
    title: `Inside ${model}`,
    subtitle: `A model of ${nodes} nodes${functions === 0 ? '' : ` (${functions} local functions put in the place of their calls)`}${producer === '' ? '' : ` by ${producer}`}, opset ${opset}. ${seen}`,
    footer,
  })
}
