/** Small images in rows, each with what it is called and what there is to say of it. */

import { element, type Markup } from './markup.ts'

export interface GalleryImage {
  /** A data URI. */
  readonly source: string
  readonly name: string
  readonly lines: readonly string[]
}

export const galleryMarkup = (images: readonly GalleryImage[]): Markup =>
  element(
    'div',
    { class: 'gallery' },
    ...images.map(({ source, name, lines }) =>
      element(
        'figure',
        {},
        element('img', { src: source, alt: name }),
        element(
          'figcaption',
          {},
          ...lines.map(line => element('div', {}, line)),
          element('div', { class: 'name' }, name),
        ),
      ),
    ),
  )
