/**
 * Where a network looks: Grad-CAM (Selvaraju et al., arXiv:1610.02391, equations 1 and 2) at the end
 * of every stage, and the gradient of the class score by pixel (Simonyan et al., arXiv:1312.6034).
 */

import { gradients } from '../autodiff/index.ts'
import { normalized } from '../data/augment/augment.ts'
import { dependencies, input, type Value } from '../graph/index.ts'
import { abs, mul, oneHot, reduceMax, reduceMean, reduceSum, relu } from '../ops/index.ts'
import { largest } from '../stats/moments.ts'
import type { Trained } from '../weights/trained.ts'
import { type Observed, stageOf } from './observe.ts'
import { openProbe, type ProbeOptions } from './probe.ts'

export interface HeatMap {
  readonly height: number
  readonly width: number
  /** Row by row, from 0 to 1, where 1 is the map's own maximum. */
  readonly values: readonly number[]
}

export interface ImageMaps {
  readonly image: string
  /** The class whose score is explained: the one that the network says. */
  readonly predicted: string
  readonly label?: string | undefined
  /** By stage. */
  readonly gradCam: readonly (HeatMap & { readonly stage: number })[]
  /** The largest |∂ score / ∂ pixel| over colors. */
  readonly gradient: HeatMap
}

export interface MapImage {
  readonly name: string
  readonly pixels: Uint8Array
  readonly label?: string | undefined
}

/** The last map of every stage; where a network names none, of every size, from the image on. */
export const stageMaps = ({
  outputs,
}: Pick<Observed, 'outputs'>): readonly { stage: number; value: Value }[] => {
  const maps = dependencies(Object.values(outputs)).nodes.flatMap(({ path, outputs: [value] }) =>
    value.shape.length === 4 && value.shape[2] > 1 ? [{ path, value }] : [],
  )
  const staged = maps.filter(({ path }) => /^(layer|stage)\d/.test(path))
  const sizes = [...new Set(maps.map(({ value }) => value.shape[2]))]
  const last = new Map<number, Value>()
  for (const { path, value } of staged) last.set(stageOf(path), value)
  if (staged.length === 0)
    for (const { value } of maps) last.set(sizes.indexOf(value.shape[2]) + 1, value)
  return [...last].map(([stage, value]) => ({ stage, value }))
}

const heatMap = (data: ArrayLike<number>, [height, width]: readonly number[]): HeatMap => {
  const values = Array.from(data)
  const most = values.reduce((a, b) => Math.max(a, b), 0)
  return { height, width, values: values.map(value => (most > 0 ? value / most : 0)) }
}

export const maps = async (
  trained: Trained,
  images: readonly MapImage[],
  options: Omit<ProbeOptions, 'batch'>,
): Promise<readonly ImageMaps[]> => {
  const { card } = trained
  const stages: number[] = []
  const probe = await openProbe(trained, { ...options, batch: 1 }, observed => {
    const found = stageMaps(observed)
    stages.push(...found.map(({ stage }) => stage))
    const target = input('target', [1], 'int32')
    const score = reduceSum(mul(oneHot(target, card.classes.length), observed.outputs.logits))
    const all = [...found.map(({ value }) => value), observed.images]
    const slopes = gradients(score, all)
    const cams = found.map(({ stage, value }, i): [string, Value] => {
      const weights = reduceMean(slopes[i], [2, 3], { keepDims: true })
      return [`cam ${stage}`, relu(reduceSum(mul(weights, value), [1]))]
    })
    const pixel = reduceMax(abs(slopes[found.length]), [1])
    return { ...Object.fromEntries(cams), pixel, logits: observed.outputs.logits }
  })
  if (probe === undefined) return []
  const results: ImageMaps[] = []
  for (const { name, pixels, label } of images) {
    const images = normalized(pixels, [card.channels, card.height, card.width], card)
    const explain = (k: number) =>
      probe.run(images, { target: { shape: [1], data: Int32Array.of(k) } })
    const { data } = (await explain(0)).logits
    const predicted = largest(data)
    const outputs = await explain(predicted)
    results.push({
      image: name,
      predicted: card.classes[predicted],
      label,
      gradCam: stages.map(stage => {
        const cam = outputs[`cam ${stage}`]
        return { stage, ...heatMap(cam.data, cam.shape.slice(1)) }
      }),
      gradient: heatMap(outputs.pixel.data, outputs.pixel.shape.slice(1)),
    })
  }
  await probe.dispose()
  return results
}
