/**
 * How long annotations of the size of train2017's take to read, and how much memory: 118,000 images
 * with 860,000 objects, 450 MB.
 *
 *   npx tsx bench/cocoReading.ts
 */

import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readAnnotations } from '../src/data/coco/annotations.ts'

const [IMAGES, OBJECTS, OUTLINE] = [118_000, 860_000, 22]

function* written(): Generator<string> {
  yield '{"images":['
  for (let i = 0; i < IMAGES; i++)
    yield `${i ? ',' : ''}{"license":3,"file_name":"${i}.jpg","height":480,"width":640,"id":${3 * i},"date_captured":"2013-11-14 17:02:52"}`
  yield '],"annotations":['
  for (let i = 0; i < OBJECTS; i++) {
    const outline = Array.from({ length: 2 * OUTLINE }, (_, k) =>
      (k * 7 + (i % 99) + 0.13).toFixed(2),
    )
    yield `${i ? ',' : ''}{"segmentation":[[${outline}]],"area":${i % 9999}.5,"iscrowd":0,"image_id":${3 * (i % IMAGES)},"bbox":[1.5,2.25,30.1,40.2],"category_id":${1 + (i % 90)},"id":${i + 1}}`
  }
  yield `],"categories":${JSON.stringify(Array.from({ length: 90 }, (_, i) => ({ id: i + 1, name: `class ${i}` })))}}`
}

const path = join(tmpdir(), `excite-annotations-${process.pid}.json`)
try {
  await pipeline(Readable.from(written()), createWriteStream(path))
  const { size } = await stat(path)
  const start = performance.now()
  const { images } = await readAnnotations(createReadStream(path, { highWaterMark: 2 ** 20 }), path)
  const seconds = (performance.now() - start) / 1000
  const memory = process.resourceUsage().maxRSS / 2 ** 20
  console.log(
    `${images.length} images, ${(size / 1e6).toFixed(0)} MB: ${seconds.toFixed(1)} s, at most ${memory.toFixed(2)} GiB`,
  )
} finally {
  await rm(path, { force: true })
}
