/** Folders of COCO's layout: what is exported is read back, and images are padded with their boxes. */

import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFileAtomic } from '../../platform/node/files.ts'
import { openDataset } from '../registry.ts'
import { openShapesDetection } from '../shapes/shapesDetection.ts'
import { exportFolder } from './exportFolder.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-coco-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a folder of COCO', () => {
  const scenes = (split: 'train' | 'test', count: number) =>
    openShapesDetection({ split, count, size: 48 })

  it('that was exported has the same images and objects', async () => {
    const to = join(folder, 'scenes')
    const own = scenes('train', 12)
    await exportFolder([own, { ...scenes('test', 3), split: 'validation' }], to)
    const read = await openDataset(to, { split: 'train', size: 48, workers: 0 })
    expect(read.classes).toEqual(own.classes)
    expect(read.objects?.categoryIds).toEqual(own.objects.categoryIds)
    for (const [index] of own.labels.entries()) {
      expect(read.objects?.of(index)).toEqual(own.objects.of(index))
      expect(await read.read(index)).toEqual(own.read(index))
    }
    const validation = await openDataset(to, { split: 'validation', size: 48, workers: 0 })
    expect(validation.labels).toHaveLength(3)
    const parts = await openDataset(to, {
      split: 'train',
      workers: 0,
      samples: { train: 4, test: 2 },
    })
    expect(parts.objects?.of(3)).toEqual(own.objects.of(3))
  })

  it('holds a share back where it has no validation, and keeps what is to test on', async () => {
    const to = join(folder, 'alone')
    await exportFolder([scenes('train', 10), scenes('test', 3)], to)
    const opened = await Promise.all(
      (['train', 'validation', 'test', 'all'] as const).map(split =>
        openDataset(to, { split, workers: 0 }),
      ),
    )
    expect(opened.map(({ labels }) => labels.length)).toEqual([9, 1, 3, 13])
  })

  it('has its images seen whole, and padded below', async () => {
    const to = join(folder, 'wide')
    await exportFolder([scenes('train', 1)], to)
    const wide = sharp({ create: { width: 60, height: 20, channels: 3, background: '#fff' } })
    await writeFileAtomic(join(to, 'train', 'wide.png'), await wide.png().toBuffer())
    const annotations = {
      images: [{ id: 5, file_name: 'wide.png', width: 60, height: 20 }],
      annotations: [{ id: 1, image_id: 5, category_id: 3, bbox: [30, 10, 30, 10] }],
      categories: [{ id: 3, name: 'corner' }],
    }
    const path = join(to, 'annotations', 'instances_train.json')
    await writeFileAtomic(path, JSON.stringify(annotations))
    await rename(path, join(to, 'train', '_annotations.coco.json'))
    const { prepare, objects } = await openDataset(to, { split: 'train', size: 30, workers: 0 })
    const preparation = {
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
      augmentation: {},
      seed: 0,
      epoch: 0,
    }
    const image = await prepare(Uint32Array.of(0), preparation)
    expect(new Set(image.subarray(0, 30 * 10))).toEqual(new Set([1]))
    expect(new Set(image.subarray(30 * 10, 30 * 30))).toEqual(new Set([0]))
    expect(objects?.place(0, preparation)).toMatchObject({ width: 30, height: 10 })
  })
})
