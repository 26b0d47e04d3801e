/** Images of one's own, gathered in the page: files of folders, and frames of the camera. */

import { type ReadonlySignal, signal } from '@preact/signals'
import type { PagePixels } from '../../src/page/image.ts'
import type { Samples } from './training.ts'

type Image = Blob | PagePixels

export interface Gathering {
  /** The images of each class, by its name. */
  readonly classes: ReadonlySignal<ReadonlyMap<string, readonly Image[]>>
  add(name: string, images: readonly Image[]): void
  rename(from: string, to: string): void
  clear(): void
  samples(): Samples
}

export const gather = (): Gathering => {
  const classes = signal<ReadonlyMap<string, readonly Image[]>>(new Map())
  return {
    classes,
    add: (name, images) => {
      const known = classes.peek().get(name) ?? []
      classes.value = new Map([...classes.peek(), [name, [...known, ...images]]])
    },
    rename: (from, to) => {
      if (classes.peek().has(to)) return
      classes.value = new Map(
        [...classes.peek()].map(([name, images]) => [name === from ? to : name, images]),
      )
    },
    clear: () => {
      classes.value = new Map()
    },
    samples: () => ({
      classes: [...classes.peek().keys()],
      items: [...classes.peek().values()].flatMap((images, label) =>
        images.map(image => ({ label, image })),
      ),
    }),
  }
}

const IMAGE = /\.(png|jpe?g|webp|gif|bmp|avif)$/i

/** Files by the folder that they lie in: its name is their class. */
export const byFolder = (
  files: readonly { readonly path: string; readonly file: File }[],
): ReadonlyMap<string, readonly File[]> => {
  const found = new Map<string, File[]>()
  for (const { path, file } of files) {
    const folder = path.split('/').at(-2)
    if (folder === undefined || !IMAGE.test(path)) continue
    found.set(folder, [...(found.get(folder) ?? []), file])
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const filesOf = async (
  entry: FileSystemEntry,
): Promise<readonly { path: string; file: File }[]> => {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    )
    return [{ path: entry.fullPath, file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: FileSystemEntry[] = []
  // A reader gives some hundred at a time, and none at its end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) break
    found.push(...some)
  }
  return (await Promise.all(found.map(filesOf))).flat()
}

/** All files of what was dropped, folders gone through. */
export const dropped = async ({ items }: DataTransfer) => {
  const entries = [...items].flatMap(item => item.webkitGetAsEntry() ?? [])
  return (await Promise.all(entries.map(filesOf))).flat()
}

/** The pixels of a frame, to be kept: a bitmap would hold memory of the GPU. */
export const pixelsOf = (bitmap: ImageBitmap): PagePixels => {
  const { width, height } = bitmap
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context?.drawImage(bitmap, 0, 0)
  bitmap.close()
  const data = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray()
  return { data, width, height }
}
