/** `excite devices`: what computes here, what is missing and how to get it, and how fast each is. */

import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import type { EngineName, Found } from '../../engines/registry.ts'
import { printJson, table, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'

const HELP = `
Examples:
  $ excite devices
  $ excite devices --measure                      how fast each trains a small network here
  $ excite train se-resnet20 --engine onnxruntime   computes with one of them

Without --engine the first that is here computes. A library is tested before its first use, in a
process of its own; this command tests it again. EXCITE_ONEDNN names another file of oneDNN.`

interface Listed {
  readonly engine: EngineName
  /** The hardware that it computes on. */
  readonly device: string
  readonly describe: string
  /** The libraries that are there, the one that computes first. */
  readonly found: readonly Found[]
  readonly usable: boolean
  readonly install: string
  /** Of training `se-resnet20`, where that was asked for. */
  readonly imagesPerSecond?: number
}

const lookAround = async (): Promise<Listed[]> => {
  const { ENGINES, engineNames } = await import('../../engines/registry.ts')
  const listed: Listed[] = []
  for (const engine of engineNames) {
    const { describe, device, install, examine } = ENGINES[engine]
    const all = await examine()
    const found = [...all].sort((a, b) => Number('problem' in a) - Number('problem' in b))
    const usable = found.some(({ problem }) => problem === undefined)
    listed.push({ engine, device, describe, found, usable, install })
  }
  return listed
}

const measured = async (listed: readonly Listed[], quiet: boolean): Promise<Listed[]> => {
  const { measureTraining } = await import('../measureTraining.ts')
  const progress = progressLine(quiet)
  // A GPU in software would take minutes for what is measured.
  const isMeasured = ({ usable, found }: Listed): boolean => usable && !found[0].isSoftware
  const names = listed.filter(isMeasured).map(({ engine }) => engine)
  const speeds = await measureTraining(names, what => progress.update(what))
  progress.clear()
  return listed.map(one => {
    const imagesPerSecond = speeds.get(one.engine)
    return imagesPerSecond === undefined ? one : { ...one, imagesPerSecond }
  })
}

const rowsOf = (
  { engine, device, describe, found, imagesPerSecond }: Listed,
  cores: number,
): string[][] => {
  const rows = found.map(({ version = '', threads = cores, path, offers, problem }, i) => [
    i === 0 ? engine : '',
    version,
    problem === undefined && device === 'cpu' ? `${threads}` : '',
    i === 0 && imagesPerSecond !== undefined ? imagesPerSecond.toFixed(0) : '',
    problem === undefined
      ? (path ?? offers ?? describe)
      : `${path ?? describe}, not usable: ${problem}`,
  ])
  return rows.length > 0 ? rows : [[engine, 'missing', '', '', describe]]
}

const ratioText = (listed: readonly Listed[]): string[] => {
  const [first, second] = listed.filter(({ imagesPerSecond }) => imagesPerSecond !== undefined)
  if (first?.imagesPerSecond === undefined || second?.imagesPerSecond === undefined) return []
  const ratio = first.imagesPerSecond / second.imagesPerSecond
  return [`${first.engine} trains ${ratio.toFixed(1)} times as fast as ${second.engine} here`]
}

const run = async ({ json = false, measure = false, quiet = false }): Promise<void> => {
  const looked = await lookAround()
  const listed = measure ? await measured(looked, quiet || json) : looked
  const chosen = listed.find(({ usable, device }) => usable && device === 'cpu')?.engine
  if (json) return printJson({ default: chosen, engines: listed })
  const columns = [
    { heading: 'engine' },
    { heading: 'version' },
    { heading: 'threads', right: true },
    { heading: measure ? 'images/s' : '', right: true },
    { heading: '' },
  ]
  const cores = availableParallelism()
  console.log(
    table(
      columns,
      listed.flatMap(one => rowsOf(one, cores)),
    ),
  )
  if (chosen !== undefined) console.log(`\n${chosen} computes unless --engine says otherwise`)
  for (const line of ratioText(listed)) console.log(line)
  for (const { engine, usable, install } of listed)
    if (!usable) console.log(`to get ${engine}: ${install}`)
}

export const devicesCommand = (): Command =>
  withJson(new Command('devices').description('list the compute backends on this machine'))
    .option('--measure', 'train a small network for some seconds with each')
    .option('--quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run)
