/** Image formats: which are read, by the names and first bytes of their files, and what others are called. */

import { extname } from 'node:path'

interface Format {
  readonly name: string
  readonly endings: readonly string[]
  /** How a file begins: text by place. */
  readonly signatures: readonly Readonly<Record<number, string>>[]
}

const READ: readonly Format[] = [
  {
    name: 'JPEG',
    endings: ['.jpg', '.jpeg', '.jpe', '.jfif'],
    signatures: [{ 0: '\xff\xd8\xff' }],
  },
  { name: 'PNG', endings: ['.png'], signatures: [{ 0: '\x89PNG\r\n\x1a\n' }] },
  { name: 'WebP', endings: ['.webp'], signatures: [{ 0: 'RIFF', 8: 'WEBP' }] },
  { name: 'AVIF', endings: ['.avif'], signatures: [{ 4: 'ftypavif' }, { 4: 'ftypavis' }] },
  { name: 'GIF', endings: ['.gif'], signatures: [{ 0: 'GIF87a' }, { 0: 'GIF89a' }] },
  { name: 'TIFF', endings: ['.tif', '.tiff'], signatures: [{ 0: 'II*\0' }, { 0: 'MM\0*' }] },
  { name: 'BMP', endings: ['.bmp', '.dib'], signatures: [{ 0: 'BM' }] },
]

/** Formats that people have, and that are converted first. */
const OTHERS: readonly Format[] = [
  {
    name: 'HEIC',
    endings: ['.heic', '.heif', '.hif'],
    signatures: ['heic', 'heix', 'heim', 'heis', 'hevc', 'mif1'].map(brand => ({
      4: `ftyp${brand}`,
    })),
  },
  { name: 'JPEG XL', endings: ['.jxl'], signatures: [{ 0: '\xff\x0a' }, { 4: 'JXL ' }] },
  { name: 'JPEG 2000', endings: ['.jp2', '.j2k'], signatures: [{ 4: 'jP  ' }] },
  { name: 'SVG', endings: ['.svg'], signatures: [{ 0: '<svg' }] },
  { name: 'PDF', endings: ['.pdf'], signatures: [{ 0: '%PDF' }] },
  { name: 'PSD', endings: ['.psd'], signatures: [{ 0: '8BPS' }] },
  {
    name: 'camera raw',
    endings: ['.dng', '.cr2', '.cr3', '.nef', '.arw', '.orf', '.rw2', '.raf'],
    signatures: [],
  },
]

/** `JPEG, PNG, …`: what is read, for messages. */
export const FORMAT_NAMES = READ.map(({ name }) => name).join(', ')

const endingOf = (file: string): string => extname(file).toLowerCase()

const byEnding = (formats: readonly Format[], file: string): Format | undefined =>
  formats.find(({ endings }) => endings.includes(endingOf(file)))

/** Whether a file's name is that of an image that is read. */
export const isImageName = (file: string): boolean => byEnding(READ, file) !== undefined

const remedyOf = (endings: readonly string[]): string =>
  `Convert such files to JPEG first, by ImageMagick: magick mogrify -format jpg ${endings.map(ending => `*${ending}`).join(' ')}${
    endings.some(ending => OTHERS[0].endings.includes(ending))
      ? '. On macOS: sips -s format jpeg. iPhones save JPEG by Settings > Camera > Formats > Most Compatible'
      : ''
  }`

/** What may be done about files that are no images here; undefined where none of them ever was one. */
export const remedyFor = (files: readonly string[]): string | undefined => {
  const endings = files.filter(file => byEnding(OTHERS, file)).map(endingOf)
  return endings.length === 0 ? undefined : remedyOf([...new Set(endings)])
}

const byStart = (formats: readonly Format[], bytes: Buffer): Format | undefined => {
  const start = bytes.toString('latin1', 0, 16)
  return formats.find(({ signatures }) =>
    signatures.some(signature =>
      Object.entries(signature).every(([at, text]) => start.startsWith(text, Number(at))),
    ),
  )
}

/**
 * The format of a file that is read, told by its first bytes, whatever it is called: so no other
 * decoder ever sees them.
 */
export const formatOf = (bytes: Buffer): string | undefined => byStart(READ, bytes)?.name

/** What a file is that is not read, and what may be done about it. */
export const otherFormat = (
  bytes: Buffer,
): { readonly got: string; readonly hint?: string | undefined } => {
  if (bytes.length === 0) return { got: 'an empty file' }
  const format = byStart(OTHERS, bytes)
  return format === undefined
    ? { got: `a file of another kind (${bytes.length} bytes)` }
    : { got: `a file in ${format.name}`, hint: remedyOf(format.endings.slice(0, 1)) }
}
