/** Prints how large the house is: files and lines a room of src/, without tests. Run: npm run size */

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url))

const sources = (readdirSync(SOURCE, { recursive: true }) as string[])
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts') && !/\.(test|suite|testing)\.ts$/.test(file))
  .map(file => ({
    file,
    room: file.split('/')[0],
    lines: readFileSync(`${SOURCE}/${file}`, 'utf8').split('\n').length - 1,
  }))

const total = (files: typeof sources): number => files.reduce((sum, { lines }) => sum + lines, 0)

/** The line count that half of the files stay under. */
const median = (files: typeof sources): number =>
  files.map(({ lines }) => lines).sort((a, b) => a - b)[Math.floor(files.length / 2)]

const row = (name: string, files: typeof sources): void =>
  console.log(
    `${name.padEnd(12)}${`${files.length}`.padStart(6)}${`${total(files)}`.padStart(8)}${`${median(files)}`.padStart(8)}`,
  )

console.log('room         files   lines  median')
for (const room of [...new Set(sources.map(({ room }) => room))].sort())
  row(
    room,
    sources.filter(one => one.room === room),
  )
row('all', sources)
