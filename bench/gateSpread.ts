/**
 * How far the gates of a study's runs move from image to image: `npx tsx bench/gateSpread.ts STUDY_FOLDER`.
 * Of each variant the standard deviation of a gate over images, mean over channels, blocks and seeds.
 */

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { imagesOptionsOf } from '../src/data/imagesRecord.ts'
import { openImages } from '../src/data/openImages.ts'
import { openEngine } from '../src/engines/registry.ts'
import { measureInside } from '../src/inspect/analysis.ts'
import { loadTrained, RUN_FILES, readRun } from '../src/runs/runFolder.ts'
import { average } from '../src/stats/moments.ts'
import { tableMarkdown } from '../src/text/table.ts'

const [folder = ''] = process.argv.slice(2)
const { engine } = await openEngine()
const spreads = new Map<string, number[]>()
for (const name of readdirSync(folder).sort()) {
  const run = join(folder, name)
  if (!existsSync(join(run, RUN_FILES.last))) continue
  const config = await readRun(run)
  const images = await openImages(config.data, imagesOptionsOf(config))
  const trained = await loadTrained(run, 'last')
  const { excitation } = await measureInside(trained, images.validation, { engine, batch: 50 })
  await images.close()
  if (excitation.length === 0) continue
  const spread = average(
    excitation.map(({ betweenStd, withinStd }) => Math.hypot(betweenStd, withinStd)),
  )
  const variant = name.replace(/-seed\d+$/, '')
  spreads.set(variant, [...(spreads.get(variant) ?? []), spread])
}
console.log(
  tableMarkdown(
    [{ heading: 'variant' }, { heading: 'std of gates over images, by seed' }, { heading: 'mean' }],
    [...spreads].map(([variant, own]) => [
      variant,
      own.map(value => value.toPrecision(2)).join(', '),
      average(own).toPrecision(2),
    ]),
  ),
)
