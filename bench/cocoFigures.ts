/**
 * How long COCO's figures take, and how much memory: 5,000 images of 80 classes as val2017 has them,
 * with 100 detections in each.
 *
 *   npx tsx bench/cocoFigures.ts
 */

import { random } from '../src/random/index.ts'
import { cocoCurves, type EvaluatedImage } from '../src/tasks/detection/cocoEvaluation.ts'
import { cocoFigures } from '../src/tasks/detection/cocoFigures.ts'

const [IMAGES, CLASSES, OBJECTS, FOUND] = [5000, 80, 7, 100]

/** Objects at random, and detections near them; a third of all are people, as in COCO. */
const image = (id: number): EvaluatedImage => {
  const draw = random(0).fork(id)
  const labels = Uint16Array.from({ length: OBJECTS }, (_, i) =>
    draw.uniform(i) < 1 / 3 ? 1 : 1 + draw.below(i, CLASSES),
  )
  const boxes = Float64Array.from(
    { length: 4 * OBJECTS },
    (_, i) => 10 + 200 * draw.uniform(50 + i),
  )
  const near = Array.from({ length: FOUND }, (_, i) => i % OBJECTS)
  const moved = (i: number, part: number): number =>
    boxes[4 * near[i] + part] +
    10 * Math.floor(i / OBJECTS) * (draw.uniform(999 + 4 * i + part) - 0.5)
  return {
    truth: {
      id,
      width: 640,
      height: 480,
      boxes,
      labels,
      areas: Float64Array.from(labels, (_, i) => boxes[4 * i + 2] * boxes[4 * i + 3] * 0.7),
      crowds: Uint8Array.from(labels, (_, i) => Number(draw.uniform(200 + i) < 0.01)),
      ids: Float64Array.from(labels, (_, i) => id * OBJECTS + i + 1),
    },
    found: {
      labels: Uint16Array.from(near, (object, i) =>
        draw.uniform(300 + i) < 0.7 ? labels[object] : 1 + draw.below(300 + i, CLASSES),
      ),
      scores: Float64Array.from(near, (_, i) => Math.fround(draw.uniform(500 + i))),
      boxes: Float64Array.from({ length: 4 * FOUND }, (_, i) => moved(Math.floor(i / 4), i % 4)),
    },
  }
}

const images = Array.from({ length: IMAGES }, (_, i) => image(i + 1))
const before = performance.now()
const figures = cocoFigures(cocoCurves(images, CLASSES))
const seconds = (performance.now() - before) / 1000
const memory = process.resourceUsage().maxRSS / 2 ** 20
console.log(
  `${IMAGES} images, ${IMAGES * FOUND} detections: ${seconds.toFixed(1)} s, at most ${memory.toFixed(2)} GiB, AP ${figures.ap.toFixed(4)}`,
)
