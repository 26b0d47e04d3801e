/** Where the network looks, as rows of small pictures. */

import { figure, paragraph } from '../../report/html.ts'
import { element, fragment, type Markup } from '../../report/markup.ts'
import type { Figure } from '../../report/svg.ts'
import type { HeatMap, MapPicture, PictureMaps } from '../maps.ts'
import { csv, type Part, percent } from './part.ts'

/** Dark to light at even steps of lightness, for every kind of colour vision (cividis). */
const RAMP = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
] as const

const rampColour = (value: number): readonly number[] => {
  const at = Math.min(Math.max(value, 0), 1) * (RAMP.length - 1)
  const below = Math.min(Math.floor(at), RAMP.length - 2)
  return RAMP[below].map((low, i) => low + (at - below) * (RAMP[below + 1][i] - low))
}

const dataUri = async (
  pixels: Uint8Array,
  height: number,
  width: number,
  channels: 1 | 3,
): Promise<string> => {
  const { default: sharp } = await import('sharp')
  const png = await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}

const heatUri = ({ values, height, width }: HeatMap): Promise<string> =>
  dataUri(Uint8Array.from(values.flatMap(rampColour)), height, width, 3)

const pictureUri = (pixels: Uint8Array, [channels, height, width]: readonly number[]) => {
  const plane = height * width
  const interleaved = Uint8Array.from(
    { length: pixels.length },
    (_, i) => pixels[(i % channels) * plane + Math.floor(i / channels)],
  )
  return dataUri(interleaved, height, width, channels === 1 ? 1 : 3)
}

const SIDE = 84
const GAP = 6

const row = (uris: readonly string[], headings: readonly string[], title: string): Figure => {
  const cell = (href: string, i: number): Markup =>
    fragment(
      element('image', {
        href,
        x: i * (SIDE + GAP),
        y: 38,
        width: SIDE,
        height: SIDE,
        style: 'image-rendering:pixelated',
      }),
      element('text', { class: 'faint', x: i * (SIDE + GAP), y: 32 }, headings[i]),
    )
  return {
    width: uris.length * (SIDE + GAP) - GAP,
    height: 38 + SIDE,
    drawing: fragment(element('text', { class: 'title', x: 0, y: 13 }, title), ...uris.map(cell)),
  }
}

const titleOf = ({ picture, predicted, label }: PictureMaps): string =>
  label === undefined || label === predicted
    ? `${picture}: ${predicted}`
    : `${picture}: ${predicted}, but is ${label}`

export const mapsPart = async (
  found: readonly PictureMaps[],
  pictures: readonly MapPicture[],
  shape: readonly number[],
): Promise<Part> => {
  const rows = await Promise.all(
    found.map(async (one, i) => {
      const uris = await Promise.all([
        pictureUri(pictures[i].pixels, shape),
        heatUri(one.gradient),
        ...one.gradCam.map(heatUri),
      ])
      const stages = one.gradCam.map(({ stage }) => `stage ${stage}`)
      return row(uris, ['picture', 'gradient', ...stages], titleOf(one))
    }),
  )
  const right = found.filter(({ predicted, label }) => predicted === label).length
  return {
    heading: 'Where it looks',
    body: [
      paragraph(
        `For each picture the class that the network says${found.some(({ label }) => label !== undefined) ? ` (right for ${percent(right / found.length, 0)} of these)` : ''} is traced back: by the gradient of its score by pixel, and by Grad-CAM at the end of each stage, at the resolution that the stage has. Bright is much; each map has its own maximum.`,
      ),
      figure(
        rows,
        'The picture, the largest absolute gradient over its colours, and Grad-CAM by stage.',
      ),
    ],
    figures: Object.fromEntries(rows.map((one, i) => [`maps-${i + 1}`, one])),
    tables: {
      maps: csv(
        found.flatMap(({ picture, predicted, label, gradCam }) =>
          gradCam.map(({ stage, values, height, width }) => ({
            picture,
            predicted,
            label,
            stage,
            height,
            width,
            values: values.map(value => value.toFixed(4)).join(' '),
          })),
        ),
      ),
    },
  }
}
