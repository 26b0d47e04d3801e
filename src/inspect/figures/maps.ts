/** Where the network looks, as rows of small images. */

import { planesUri } from '../../data/decode/dataUri.ts'
import { figure, paragraph } from '../../report/html.ts'
import { element, fragment, type Markup } from '../../report/markup.ts'
import type { Figure } from '../../report/svg.ts'
import { csv } from '../../text/table.ts'
import type { ImageMaps, MapImage } from '../maps.ts'
import { heatUri, image } from './heat.ts'
import type { Part } from './part.ts'

const SIDE = 84
const GAP = 6

const row = (uris: readonly string[], headings: readonly string[], title: string): Figure => {
  const cell = (href: string, i: number): Markup =>
    fragment(
      image(href, [i * (SIDE + GAP), 38], [SIDE, SIDE]),
      element('text', { class: 'faint', x: i * (SIDE + GAP), y: 32 }, headings[i]),
    )
  return {
    width: uris.length * (SIDE + GAP) - GAP,
    height: 38 + SIDE,
    drawing: fragment(element('text', { class: 'title', x: 0, y: 13 }, title), ...uris.map(cell)),
  }
}

const titleOf = ({ image, predicted, label }: ImageMaps): string =>
  label === undefined || label === predicted
    ? `${image}: ${predicted}`
    : `${image}: predicted ${predicted}, actually ${label}`

export const mapsPart = async (
  found: readonly ImageMaps[],
  images: readonly MapImage[],
  shape: readonly number[],
): Promise<Part> => {
  const rows = await Promise.all(
    found.map(async (one, i) => {
      const uris = await Promise.all([
        planesUri(images[i].pixels, shape),
        ...[one.gradient, ...one.gradCam].map(({ values, height, width }) =>
          heatUri(values, [height, width]),
        ),
      ])
      const stages = one.gradCam.map(({ stage }) => `stage ${stage}`)
      return row(uris, ['image', 'gradient', ...stages], titleOf(one))
    }),
  )
  const right = found.filter(({ predicted, label }) => predicted === label).length
  return {
    heading: 'Where it looks',
    body: [
      paragraph(
        `For each image the class that the network says${found.some(({ label }) => label !== undefined) ? ` (right for ${right} of ${found.length})` : ''} is traced back: by the gradient of its score by pixel, and by Grad-CAM at the end of each stage (of each size, where a network names no stages), at the resolution that it has. Brighter is stronger; each map is scaled on its own.`,
      ),
      figure(
        rows,
        'The image, the largest absolute gradient over its colors, and Grad-CAM by stage.',
      ),
    ],
    figures: Object.fromEntries(rows.map((one, i) => [`maps-${i + 1}`, one])),
    tables: {
      maps: csv(
        found.flatMap(({ image, predicted, label, gradCam }) =>
          gradCam.map(({ stage, values, height, width }) => ({
            image,
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
