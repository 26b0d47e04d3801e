/** Commands that read folders of images end when their work is done, whatever threads they have. */

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { type Finished, inFolder, start } from './support/command.ts'

/** Beyond the seconds that each command takes; one that hangs, hangs for ever. */
const LIMIT_MS = 60_000

const run = async (cwd: string, command: string): Promise<Finished> => {
  const { child, finished } = start(cwd, ...command.split(' '))
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const result = await finished
  clearTimeout(timer)
  expect(result.signal, `${command} did not end`).toBeNull()
  return result
}

it.each([
  [8, 2, 2],
  [8, 4, 3],
  [12, 2, 4],
  [12, 8, 4],
])('with %i images and %i workers, %i at a time', (count, workers, batch) =>
  inFolder(async folder => {
    for (let i = 0; i < count; i++) {
      const path = join(folder, 'images', i % 2 === 0 ? 'even' : 'odd', `${i}.png`)
      await mkdir(dirname(path), { recursive: true })
      const background = { r: 20 * i, g: 255 - 20 * i, b: 100 }
      await sharp({ create: { width: 20, height: 16, channels: 3, background } }).toFile(path)
    }
    const threads = `--workers ${workers} --threads 1`
    const trained = await run(
      folder,
      `train se-resnet8 --data ./images --size 16 --epochs 1 --batch ${batch} ${threads} --out run`,
    )
    expect(trained.stderr).not.toContain('excite:')
    expect(trained.code).toBe(0)
    expect(await run(folder, `eval run --batch 4 ${threads}`)).toMatchObject({ code: 0 })
    const inspected = await run(folder, `inspect run --split train --workers ${workers}`)
    expect(inspected.code).toBe(0)

    for (let i = 0; i < count; i += 2)
      await writeFile(join(folder, `images/even/${i}.png`), 'damaged')
    const failed = await run(
      folder,
      `train se-resnet8 --data ./images --size 16 --epochs 2 --batch ${batch} ${threads} --out bad`,
    )
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('.png: expected an image')
    expect((await run(folder, `eval run ${threads}`)).code).toBe(1)
  }),
)
