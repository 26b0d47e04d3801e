/** Parts about what attention does to channels: one for each kind of attention that a network has. */

import type { Table } from '../../report/table.ts'
import type { BlockExcitation } from '../excitation.ts'
import { channelsPart } from './channels.ts'
import { excitationPart, excitationTable } from './excitation.ts'
import type { Part } from './part.ts'
import { wordsOf } from './words.ts'

const byKind = (excitation: readonly BlockExcitation[]): readonly (readonly BlockExcitation[])[] =>
  [...new Set(excitation.map(({ kind }) => kind))].map(kind =>
    excitation.filter(block => block.kind === kind),
  )

/** The second and on say which kind they are of, and so do their files. */
const told = (part: Part, blocks: readonly BlockExcitation[], i: number): Part => {
  if (i === 0) return part
  const { many } = wordsOf(blocks)
  const renamed = <T>(files: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(files).map(([name, file]) => [`${name}-${many}`, file]))
  const { figures, tables } = part
  const heading = `${part.heading}: ${many}`
  return { ...part, heading, figures: renamed(figures), tables: renamed(tables) }
}

/** A table for each kind of attention. */
export const excitationTables = (excitation: readonly BlockExcitation[]): readonly Table[] =>
  byKind(excitation).map(excitationTable)

/** Excitation by kind; of an attention to kernels, selection by scale tells more. */
export const excitationParts = (
  excitation: readonly BlockExcitation[],
  classes: readonly string[],
): readonly Part[] =>
  byKind(excitation)
    .filter(([{ kind }]) => kind !== 'selection')
    .map((blocks, i) => told(excitationPart(blocks, classes), blocks, i))

export const channelsParts = (
  excitation: readonly BlockExcitation[],
  classes: readonly string[],
): Promise<readonly Part[]> =>
  Promise.all(
    byKind(excitation).map(async (blocks, i) =>
      told(await channelsPart(blocks, classes), blocks, i),
    ),
  )
