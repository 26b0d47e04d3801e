/** The file formats that Excite reads: a good small file of each, its fields, and how it is read. */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { readImage } from '../../src/data/decode/openImage.ts'
import { openCifar } from '../../src/data/sets/cifar.ts'
import { readIdx } from '../../src/data/sets/idx.ts'
import { untar } from '../../src/data/sets/untar.ts'
import { readOnnx } from '../../src/onnx/read/index.ts'
import { openCheckpoints } from '../../src/runs/checkpoints.ts'
import { readProgress } from '../../src/runs/progress.ts'
import { readMetrics, readRun } from '../../src/runs/runFolder.ts'
import { RECIPES } from '../../src/train/recipes.ts'
import { readWeights } from '../../src/weights/readWeights.ts'
import { readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts'
import { readCard } from '../../src/weights/trained.ts'

/** A number in a file, and values with which the file is none any more. */
export interface Field {
  readonly name: string
  readonly at: number
  readonly bytes: 1 | 2 | 4 | 8
  readonly little?: boolean
  readonly wrong: readonly number[]
}

export interface Format {
  readonly sample: Uint8Array
  readonly fields?: readonly Field[]
  /** How many of its bytes count: a PNG is whole without the chunk that says so. */
  readonly essential?: number
  /** Of text: JSON, whose every value has a type. */
  readonly json?: unknown
  /** Its objects that may have names which nobody knows. */
  readonly open?: readonly string[]
  /** Reads a file of the format with this content; may use a folder of its own, for files. */
  read(content: Uint8Array, folder: string): unknown
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const fixture = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../parity/fixtures/${name}`, import.meta.url))

/** Reads from a file, which is written first. */
const fromFile =
  (name: string, read: (path: string, folder: string) => unknown) =>
  async (content: Uint8Array, folder: string): Promise<unknown> => {
    const path = join(folder, name)
    await writeFile(path, content)
    return read(path, folder)
  }

const around = (value: number, most: number): number[] =>
  [0, 1, value - 1, value + 1, 2 * value, value * 256, most, Math.floor(most / 2), most - 1].filter(
    (one, i, all) => one >= 0 && one <= most && one !== value && all.indexOf(one) === i,
  )

const MOST = { 1: 0xff, 2: 0xffff, 4: 0xffffffff, 8: 2 ** 52 }

const field = (
  name: string,
  at: number,
  bytes: Field['bytes'],
  value: number,
  little = false,
): Field => ({
  name,
  at,
  bytes,
  little,
  wrong: around(value, MOST[bytes]),
})

const little = (name: string, at: number, bytes: Field['bytes']) => ({
  name,
  at,
  bytes,
  little: true,
})

const idx = (dims: readonly number[]): Uint8Array => {
  const size = dims.reduce((product, dim) => product * dim, 1)
  const bytes = new Uint8Array(4 + 4 * dims.length + size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x0800 + dims.length)
  for (const [i, dim] of dims.entries()) view.setUint32(4 + 4 * i, dim)
  return bytes
}

const RECORD = 1 + 3072
const cifar = (labels: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(labels.length * RECORD)
  for (const [i, label] of labels.entries()) bytes[i * RECORD] = label
  return bytes
}

/** A tar of one file, as POSIX has it (ustar). */
export const tarOf = (name: string, content: Uint8Array, type = '0'): Uint8Array => {
  const header = Buffer.alloc(512)
  header.write(name)
  header.write('0000644\0', 100)
  header.write('0000000\x000000000\0', 108)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0        ', 136)
  header.write(type, 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padded = Buffer.alloc(512 * Math.ceil(content.length / 512))
  padded.set(content)
  return Buffer.concat([header, padded])
}

const CLASSES = ['circle', 'square', 'star']

const CARD = {
  model: 'se-resnet8',
  attention: 'se:reduction=8',
  classes: CLASSES,
  channels: 3,
  height: 16,
  width: 16,
  cropPct: 0.9,
  mean: [0.5, 0.5, 0.5],
  std: [0.2, 0.2, 0.2],
  origin: { source: 'a', sha256: 'b', naming: 'c', notes: ['d'] },
}

const CONFIG = {
  model: 'resnet8',
  attention: 'se',
  data: 'shapes',
  dataDir: '/data',
  samples: { train: 10, test: 10 },
  size: 16,
  weights: 'w',
  normalization: { mean: [0.5], std: [0.5] },
  freeze: 'backbone',
  unfreezeAt: 2,
  seed: 0,
  device: 'onnx',
  threads: 1,
  recipe: {
    ...RECIPES.short,
    mixing: { mixup: 0.2, cutmix: 1 },
    clipNorm: 1,
    emaDecay: 0.9,
  },
}

const ROW = {
  epoch: 1,
  learningRate: 0.1,
  trainLoss: 2,
  trainTop1: 0.1,
  testLoss: 2.5,
  testTop1: 0.2,
  testTop5: 0.6,
  seconds: 1.5,
}

const PROGRESS = {
  step: 4,
  sums: { loss: 8, top1: 4, top5: 20, count: 40 },
  seconds: 1,
  history: [ROW, { ...ROW, epoch: 2 }],
  conditions: { node: '20', device: 'onnx 1' },
}

const SHA = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const MANIFEST = {
  format: 1,
  step: 7,
  files: Object.fromEntries(
    ['model.safetensors', 'optimizer.safetensors', 'state.json'].map(name => [
      name,
      { bytes: 0, sha256: SHA },
    ]),
  ),
}

/** Reads a checkpoint of empty files by its manifest. */
const readManifest = async (content: Uint8Array, folder: string): Promise<unknown> => {
  const step = join(folder, 'checkpoints/step-00000007')
  await mkdir(step, { recursive: true })
  for (const name of Object.keys(MANIFEST.files)) await writeFile(join(step, name), '')
  await writeFile(join(step, 'MANIFEST.json'), content)
  const checkpoints = await openCheckpoints(join(folder, 'checkpoints'))
  return checkpoints.latest(found => found)
}

const json = (value: unknown, read: Format['read'], open: readonly string[] = []): Format => ({
  sample: encode(JSON.stringify(value)),
  json: value,
  open,
  read,
})

const noise = (size: number): Buffer =>
  Buffer.from(Array.from({ length: 3 * size * size }, (_, i) => (i * i * 31 + i * 7) % 256))

const image = async (
  format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif',
): Promise<Uint8Array> =>
  sharp(noise(24), { raw: { width: 24, height: 24, channels: 3 } })
    .toFormat(format, format === 'png' ? { palette: false } : { quality: 80 })
    .toBuffer()

const readPicture = (name: string): Format['read'] =>
  fromFile(name, path => readImage(path, [3, 16, 16]))

/** A BMP of 24 bits, as Windows has it since version 3. */
const bmp = (size: number): Uint8Array => {
  const bytes = Buffer.alloc(54 + 3 * size * size)
  bytes.write('BM')
  bytes.writeUInt32LE(bytes.length, 2)
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeInt32LE(size, 18)
  bytes.writeInt32LE(size, 22)
  bytes.writeUInt16LE(1, 26)
  bytes.writeUInt16LE(24, 28)
  bytes.set(noise(size), 54)
  return bytes
}

/** Where a chunk of a PNG begins. */
const chunkAt = (png: Uint8Array, name: string): number => Buffer.from(png).indexOf(name) - 4

/** Every format by its name. */
export const formats = async (): Promise<Readonly<Record<string, Format>>> => {
  const [png, jpeg, webp] = [await image('png'), await image('jpeg'), await image('webp')]
  const gif = await image('gif')
  const safetensors = writeSafetensors(
    new Map([
      ['conv1.weight', { dtype: 'F32', shape: [2, 3], data: new Float32Array(6) }],
      ['fc.bias', { dtype: 'F32', shape: [4], data: new Float32Array(4) }],
    ]),
    { format: 'pt' },
  )
  const header = Number(new DataView(safetensors.buffer).getBigUint64(0, true))
  const zip = await fixture('odd-zip.pth')
  const end = zip.length - 22
  const central = new DataView(zip.buffer, zip.byteOffset).getUint32(end + 16, true)
  const labels = [0, 9, 5]
  const archive = gzipSync(tarOf('cifar-10-batches-bin/test_batch.bin', cifar([1])))
  const frame = Buffer.from(jpeg).indexOf(Buffer.of(0xff, 0xc0))
  const scan = Buffer.from(jpeg).indexOf(Buffer.of(0xff, 0xda))
  return {
    safetensors: {
      sample: safetensors,
      fields: [field('header length', 0, 8, header, true)],
      json: JSON.parse(decode(safetensors.subarray(8, 8 + header))),
      read: (content, folder) => readSafetensors(content, join(folder, 'file')),
    },
    zip: {
      sample: zip,
      fields: [
        field('signature', 0, 4, 0x04034b50, true),
        field('local: length of the name', 26, 2, zip[26], true),
        field('central: signature', central, 4, 0x02014b50, true),
        field('central: method', central + 10, 2, 0, true),
        field('central: checksum', central + 16, 4, 0, true),
        field('central: packed size', central + 20, 4, 0, true),
        field('central: size', central + 24, 4, 0, true),
        field('central: length of the name', central + 28, 2, zip[central + 28], true),
        field('central: offset', central + 42, 4, 0, true),
        field('end: signature', end, 4, 0x06054b50, true),
        field('locator: offset', end - 12, 8, end - 76, true),
        field('end64: signature', end - 76, 4, 0x06064b50, true),
        {
          name: 'end64: entries',
          at: end - 44,
          bytes: 8,
          little: true,
          wrong: [0, 1, 14, 16, 30, 2 ** 40],
        },
        field('end64: offset', end - 28, 8, central, true),
      ],
      read: (content, folder) => readAll(content, join(folder, 'file')),
    },
    legacy: {
      sample: await fixture('tiny-legacy.pth'),
      read: (content, folder) => readAll(content, join(folder, 'file')),
    },
    onnx: {
      sample: await fixture('exportedForms/gct.onnx'),
      read: (content, folder) => readOnnx(content, join(folder, 'file')),
    },
    idx: {
      sample: idx([3, 5, 4]),
      fields: [
        field('first byte', 0, 1, 0),
        field('second byte', 1, 1, 0),
        field('type', 2, 1, 8),
        field('rank', 3, 1, 3),
        field('images', 4, 4, 3),
        field('rows', 8, 4, 5),
        field('columns', 12, 4, 4),
      ],
      read: (content, folder) => readIdx(content, join(folder, 'file'), 3),
    },
    cifar: {
      sample: cifar(labels),
      fields: labels.map((_, i) => ({
        name: `label of record ${i}`,
        at: i * RECORD,
        bytes: 1,
        wrong: [
          10, 11, 12, 16, 20, 32, 50, 64, 99, 100, 101, 127, 128, 129, 160, 192, 200, 250, 254, 255,
        ],
      })),
      read: async (content, folder) => {
        await writeFile(join(folder, 'test_batch.bin'), content)
        return openCifar('cifar10', 'test', { dataDir: folder, cacheDir: folder })
      },
    },
    png: {
      sample: png,
      essential: png.length - 12,
      fields: [
        field('signature', 0, 4, 0x89504e47),
        field('IHDR: length', 8, 4, 13),
        field('IHDR: width', 16, 4, 24),
        field('IHDR: height', 20, 4, 24),
        field('IHDR: depth', 24, 1, 8),
        field('IHDR: color type', 25, 1, 2),
        field('IHDR: checksum', 29, 4, 0),
        field('IDAT: length', chunkAt(png, 'IDAT'), 4, png.length),
        field('IDAT: zlib header', chunkAt(png, 'IDAT') + 8, 2, 0x789c),
      ],
      read: readPicture('file'),
    },
    jpeg: {
      sample: jpeg,
      fields: [
        field('start of image', 0, 2, 0xffd8),
        field('frame: length', frame + 2, 2, 17),
        field('frame: precision', frame + 4, 1, 8),
        field('frame: components', frame + 9, 1, 3),
        field('scan: length', scan + 2, 2, 12),
        field('scan: components', scan + 4, 1, 3),
      ],
      read: readPicture('file'),
    },
    webp: {
      sample: webp,
      fields: [
        field('RIFF', 0, 4, 0x52494646),
        field('WEBP', 8, 4, 0x57454250),
        field('chunk', 12, 4, 0x56503820),
      ],
      read: readPicture('file'),
    },
    bmp: {
      sample: bmp(24),
      // Without checksums: these values cannot be, others are another image.
      fields: [
        field('signature', 0, 2, 0x4d42, true),
        { ...little('header: length', 14, 4), wrong: [0, 1, 39, 10240, 2 ** 31 - 1] },
        { ...little('width', 18, 4), wrong: [0, 25, 48, 6144, 2 ** 31 - 1, 2 ** 32 - 1] },
        { ...little('height', 22, 4), wrong: [0, 25, 48, 6144, 2 ** 31 - 1, 2 ** 31] },
        { ...little('bits of a pixel', 28, 2), wrong: [23, 25, 48, 6144, 65535] },
        { ...little('compression', 30, 4), wrong: [1, 2 ** 31 - 1, 2 ** 32 - 1] },
      ],
      read: readPicture('file'),
    },
    // The last byte of a GIF says that it ends, which nobody needs.
    gif: { sample: gif, essential: gif.length - 1, read: readPicture('file') },
    tiff: { sample: await image('tiff'), read: readPicture('file') },
    avif: { sample: await image('avif'), read: readPicture('file') },
    tar: {
      sample: archive,
      read: fromFile('file', (path, folder) =>
        untar(path, 'cifar-10-batches-bin', ['test_batch.bin'], join(folder, 'to')),
      ),
    },
    config: json(
      CONFIG,
      fromFile('config.json', (_, folder) => readRun(folder)),
    ),
    card: json(CARD, (content, folder) => readCard(decode(content), join(folder, 'file')), [
      'origin',
    ]),
    progress: json(PROGRESS, (content, folder) => readProgress(content, join(folder, 'file')), [
      'conditions',
      'sums',
      'history.0',
      'history.1',
    ]),
    metrics: json(
      ROW,
      fromFile('metrics.jsonl', (_, folder) => readMetrics(folder)),
      ['the whole'],
    ),
    manifest: json(MANIFEST, readManifest, ['files']),
  }
}

/** Weights with every tensor's values: they are read when asked for. */
const readAll = (content: Uint8Array, file: string): void => {
  for (const entry of readWeights(content, file).entries.values()) entry.read()
}

/** Empties the folder that readers were given. */
export const emptied = async (folder: string): Promise<string> => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return folder
}

/** A PNG whose chunk's checksum is right again. */
export const withChecksums = (png: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(png)
  const view = new DataView(bytes.buffer)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + view.getUint32(at)
    if (end + 4 > bytes.length) break
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)))
    at = end + 4
  }
  return bytes
}
