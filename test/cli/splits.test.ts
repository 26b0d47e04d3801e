/** Three splits of a folder: what is trained on, what is evaluated, what is tested, and what is left out. */

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { excite, inFolder } from '../support/command.ts'

const COUNTS = { train: 6, val: 3, test: 9 }

/** A folder with so many images of each of two classes in each split. */
const makeImages = async (root: string): Promise<void> => {
  for (const [split, count] of Object.entries(COUNTS))
    for (let i = 0; i < 2 * count; i++) {
      const path = join(root, split, i % 2 === 0 ? 'even' : 'odd', `${i}.png`)
      await mkdir(dirname(path), { recursive: true })
      const background = { r: 10 * i, g: 250 - 10 * i, b: 100 }
      await sharp({ create: { width: 20, height: 16, channels: 3, background } }).toFile(path)
    }
}

it('a folder with three splits keeps them apart, and all of another folder is measured', () =>
  inFolder(async folder => {
    await makeImages(join(folder, 'images'))
    for (const name of ['train/even/a.HEIC', 'train/odd/b.heic', 'train/odd/c.jxl', 'labels.csv'])
      await writeFile(join(folder, 'images', name), '')
    const said = async (command: string): Promise<string> => {
      const { code, stdout, stderr } = await excite(folder, ...command.split(' '))
      expect(stderr).not.toContain('excite:')
      expect(code).toBe(0)
      return stderr + stdout
    }
    const trained = await said(
      'train se-resnet8 --data ./images --size 16 --epochs 1 --batch 4 --threads 1 --out run',
    )
    expect(trained).toContain('6 validation images to evaluate')
    expect(trained).toMatch(/best: .* % \(\d of 6; 95 % interval .* %\) of the validation images/)
    expect(trained).toMatch(/test: .* % \(\d+ of 18; 95 % interval .* %\) of the test images/)
    expect(trained).not.toContain('top-5')
    const { images: tested, metrics } = JSON.parse(
      await readFile(join(folder, 'run/test.json'), 'utf8'),
    )
    const measured = JSON.parse(await said('eval run --split testing --json --quiet'))
    expect([tested, metrics.top1]).toEqual([18, measured.top1])
    expect(trained).toContain('4 files left out: .heic 2, .csv 1, .jxl 1')
    expect(await said('eval run --data ./images')).toContain('6 validation images of')
    expect(await said('eval run --split Training')).toContain('12 train images of')
    expect(await said('eval run --split test')).toContain('18 test images of')
    expect(await said('eval run --data ./images/test')).toContain('on 18 images of')
    const { images, leftOut, split } = JSON.parse(await said('data ./images --split all --json'))
    const counts = Object.entries(leftOut).map(([kind, files]) => [
      kind,
      (files as unknown[]).length,
    ])
    expect({ images, leftOut: Object.fromEntries(counts), split }).toEqual({
      images: 36,
      leftOut: { '.heic': 2, '.jxl': 1, '.csv': 1 },
      split: 'all',
    })

    // `test` was the name of what is called validation now.
    await rm(join(folder, 'images/test'), { recursive: true })
    const old = await said('eval run --split test')
    expect(old).toContain('has no test images: these are called --split validation now')
    expect(old).toContain('6 validation images of')

    // Without validation images some are held back from training, and those to test on are left alone.
    await rename(join(folder, 'images/val'), join(folder, 'images/test'))
    const two = await said(
      'train se-resnet8 --data ./images --size 16 --epochs 1 --batch 4 --threads 1 --out two',
    )
    expect(two).toContain('10 images of')
    expect(two).toMatch(/best: .* of 2; .*\) of the validation images/)
    expect(two).toMatch(/test: .* of 6; .*\) of the test images/)
    expect(await said('eval two')).toContain('2 validation images of')
    expect(await said('eval two --split test')).toContain('6 test images of')
  }))

it('a set that is published as two splits is evaluated on its test images', () =>
  inFolder(async folder => {
    const run = async (command: string) => {
      const { code, stdout } = await excite(folder, ...command.split(' '), '--json')
      expect(code).toBe(0)
      return JSON.parse(stdout)
    }
    const counts = async (split: string) => {
      const { images, split: own } = await run(`data shapes --samples 30,20 --split ${split}`)
      return [images, own]
    }
    expect(await counts('train')).toEqual([30, 'train'])
    expect(await counts('validation')).toEqual([20, 'test'])
    expect(await counts('test')).toEqual([20, 'test'])
    expect(await counts('all')).toEqual([50, 'all'])
  }))

it('images of a table, seen on white, are so wherever the network is asked', () =>
  inFolder(async folder => {
    const run = async (command: string) => {
      const { code, stdout, stderr } = await excite(folder, ...command.split(' '))
      expect(code, stderr).toBe(0)
      return stdout
    }
    const clear = { width: 8, height: 8, channels: 4 } as const
    const rows = ['image,breed']
    await mkdir(join(folder, 'images'))
    for (let i = 0; i < 8; i++) {
      const background = { r: 20 * i, g: 0, b: 0, alpha: i % 2 === 0 ? 0 : 1 }
      await sharp({ create: { ...clear, background } }).toFile(join(folder, `images/${i}.png`))
      rows.push(`${i},${i % 2 === 0 ? 'clear' : 'red'}`)
    }
    await writeFile(join(folder, 'labels.csv'), rows.join('\n'))
    const settings = '--labels labels.csv --background white --size 16 --epochs 1 --batch 2'
    await run(`train se-resnet8 --data ./images ${settings} --threads 1 --out run`)
    const json = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'))
    expect(await json('run/config.json')).toMatchObject({ background: '#ffffff' })
    expect((await json('run/model.json')).input).toMatchObject({ background: '#ffffff' })
    // The run's table and background are known where its images are asked for again.
    const answersOf = async (images: string) =>
      JSON.parse(await run(`predict run ${images} --json`)).results
    const [own] = await answersOf('--data ./images --split train --index 0')
    expect(own.label).toBe('clear')
    const [file] = await answersOf(`images/${own.image}`)
    expect(file.classes).toEqual(own.classes)
    await sharp({ create: { ...clear, background: '#fff' } }).toFile(join(folder, 'white.png'))
    expect((await answersOf('white.png'))[0].classes).toEqual(own.classes)
  }))
