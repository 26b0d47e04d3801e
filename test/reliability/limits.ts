/** Every limit on what comes from outside: its number, and something of any size to try it with. */

import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import sharp from 'sharp'
import { threadCount } from '../../src/cli/dataOptions.ts'
import { LIMITS as IMAGE, openImage } from '../../src/data/decode/openImage.ts'
import { fetchCached } from '../../src/data/sets/fetchCached.ts'
import { FileError } from '../../src/errors/index.ts'
import { chosenClasses } from '../../src/inspect/chosenClasses.ts'
import { LIMITS as ONNX, readOnnx } from '../../src/onnx/read/index.ts'
import {
  bytesOf,
  float32,
  int,
  model,
  names,
  type Part,
  part,
  text,
  withTensor,
} from '../../src/onnx/read/parts.testing.ts'
import { whyUnreadable } from '../../src/platform/node/files.ts'
import { openCheckpoints } from '../../src/runs/checkpoints.ts'
import { lockRun } from '../../src/runs/lock.ts'
import { readMetrics, readRun } from '../../src/runs/runFolder.ts'
import { checkData } from '../../src/runs/trainer.ts'
import { checkConfig } from '../../src/train/config.ts'
import { layout } from '../../src/train/layout.ts'
import { RECIPES } from '../../src/train/recipes.ts'
import { importFile } from '../../src/weights/importFile.ts'
import { Mark, unpickle } from '../../src/weights/pytorch/pickle.ts'
import { GLOBALS, Storage, storageOf } from '../../src/weights/pytorch/tensor.ts'
import { readSafetensors } from '../../src/weights/safetensors.ts'
import { readCard } from '../../src/weights/trained.ts'
import { withChecksums } from './formats.ts'

export interface Limit {
  readonly most: number
  /** The number in the code, where it is tried by a smaller one in its place. */
  readonly stands?: number
  /** What a refusal for this reason says. */
  readonly refusal: RegExp
  /** Reads something of this size or count; the folder is empty. */
  reach(count: number, folder: string): unknown
}

const refuse = (expected: string, got: string): never => {
  throw new FileError({ where: 'file', expected, got })
}

/** A file of a text and then as many spaces as it takes. */
const spaced = (start: string, length: number): Buffer => Buffer.alloc(length, start.padEnd(length))

const pngOf = async (width: number, height: number): Promise<Uint8Array> => {
  const create = { width: 1, height: 1, channels: 3, background: '#888' } as const
  const png = await sharp({ create }).png().toBuffer()
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  return withChecksums(png)
}

/** Width and height of so many pixels. */
const sides = (pixels: number): [number, number] => {
  let height = Math.floor(Math.sqrt(pixels))
  while (pixels % height !== 0) height--
  return [pixels / height, height]
}

const ENDLESS = { globals: GLOBALS, persistent: () => refuse('no storage', 'one') }
const pickled = (...parts: (number | string)[]): unknown =>
  unpickle(
    Buffer.concat(
      parts.map(one => (typeof one === 'number' ? Buffer.of(one) : Buffer.from(one, 'latin1'))),
    ),
    0,
    refuse,
    ENDLESS,
  )

const rebuilt = (storage: number, shape: readonly number[], strides: readonly number[]): unknown =>
  GLOBALS.get('torch._utils._rebuild_tensor_v2')?.call?.(
    [new Storage('Float', '0', storage), 0, shape, strides],
    refuse,
  )

/** Fields of messages, each of which holds the next: a graph of nodes with attributes that are graphs. */
const FIELDS = [1, 5, 6]
const nested = (depth: number): Uint8Array => {
  let inner: Part[] = []
  for (let level = depth - 2; level > 0; level--)
    inner = [part(FIELDS[(level - 1) % FIELDS.length], ...inner)]
  return bytesOf(int(1, 8), part(7, ...inner))
}

const relus = (count: number): Part[] =>
  Array.from({ length: count }, (_, i) =>
    part(1, ...names(1, [`v${i}`]), ...names(2, [`v${i + 1}`]), text(4, 'Relu')),
  )

/** Functions each of which calls the next one. */
const functions = (depth: number): Uint8Array => {
  const call = (name: string): Part[] => [
    ...names(1, ['a']),
    ...names(2, ['b']),
    text(4, name),
    ...(name === 'Relu' ? [] : [text(7, 'own')]),
  ]
  const bodies = Array.from({ length: depth }, (_, i) =>
    part(
      25,
      text(1, `f${i}`),
      ...names(4, ['a']),
      ...names(5, ['b']),
      part(7, ...call(i + 1 < depth ? `f${i + 1}` : 'Relu')),
      text(10, 'own'),
    ),
  )
  return Buffer.concat([model(part(1, ...call('f0'))), bytesOf(...bodies)])
}

const CARD = {
  model: 'resnet8',
  classes: ['a', 'b'],
  channels: 3,
  height: 16,
  width: 16,
  mean: [0.5, 0.5, 0.5],
  std: [0.2, 0.2, 0.2],
}
const card = (changes: object): unknown => readCard(JSON.stringify({ ...CARD, ...changes }), 'file')

const config = (recipe: object): unknown =>
  checkConfig({
    model: 'resnet8',
    data: 'shapes',
    seed: 0,
    engine: 'onnxruntime',
    recipe: { ...RECIPES.short, ...recipe },
  })
const augment = (changes: object): unknown => config({ augment: changes })

const SHA = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Reads the only checkpoint of a folder, of one empty file. */
const checkpoint = async (folder: string, name: string, length?: number): Promise<unknown> => {
  const step = join(folder, 'step-00000007')
  await mkdir(step)
  await writeFile(join(step, name), '')
  const manifest = JSON.stringify({
    format: 1,
    step: 7,
    files: { [name]: { bytes: 0, sha256: SHA } },
  })
  await writeFile(
    join(step, 'MANIFEST.json'),
    length === undefined ? manifest : spaced(manifest, length),
  )
  return (await openCheckpoints(folder)).latest(found => found)
}

/** Fetches from a server that redirects so often, and then sends so many bytes. */
const fetched = async (
  folder: string,
  {
    redirects = 0,
    bytes = 1,
    mostBytes,
  }: { redirects?: number; bytes?: number; mostBytes?: number },
): Promise<void> => {
  const server = createServer(({ url = '' }, response) => {
    const left = Number(url.slice(1))
    if (left === 0) response.end(Buffer.alloc(bytes))
    else response.writeHead(302, { location: `/${left - 1}` }).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const url = `http://127.0.0.1:${port}/${redirects}`
    await fetchCached({ url, mostBytes }, join(folder, 'file'))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const labels = (count: number) => Int32Array.from({ length: count }, (_, i) => i % 2)

/** By what is counted, as docs/reliability.md has them. */
export const TABLE: Readonly<Record<string, Limit>> = {
  'image: bytes of a file': {
    most: IMAGE.bytes,
    refusal: /100 megapixels and 100 MB, got \d+ bytes/,
    reach: async (count, folder) => {
      const path = join(folder, 'image.png')
      await writeFile(path, await pngOf(1, 1))
      await truncate(path, count)
      await openImage(path)
    },
  },
  'image: bytes in memory': {
    most: IMAGE.bytes,
    refusal: /100 megapixels and 100 MB, got \d+ bytes/,
    reach: async count => {
      const bytes = new Uint8Array(count)
      bytes.set(await pngOf(1, 1))
      await openImage(bytes)
    },
  },
  'image: pixels': {
    most: IMAGE.pixels,
    refusal: /100 megapixels and 100 MB, got more than 100 megapixels/,
    reach: async count => openImage(await pngOf(...sides(count))),
  },
  'safetensors: bytes of the header': {
    most: 2 ** 24,
    refusal: /a header of at most 16777216 bytes/,
    reach: count => {
      const size = Buffer.alloc(8)
      size.writeBigUInt64LE(BigInt(count))
      readSafetensors(Buffer.concat([size, spaced('{}', count)]), 'file')
    },
  },
  'shards: bytes of the index': {
    most: 2 ** 24,
    refusal: /an index of shards: .* got \d+ bytes$/,
    reach: async (count, folder) => {
      const path = join(folder, 'model.index.json')
      await writeFile(path, spaced('{"weight_map":{}}', count))
      importFile(path)
    },
  },
  'PyTorch: dimensions of a tensor': {
    most: 16,
    refusal: /a shape of at most 16/,
    reach: count => rebuilt(1, new Array(count).fill(1), new Array(count).fill(1)),
  },
  'PyTorch: elements of a view that repeats some': {
    most: 2 ** 20,
    refusal: /tensors within their storage/,
    reach: count => rebuilt(1, [count], [0]),
  },
  'PyTorch: characters of a storage’s key': {
    most: 40,
    refusal: /storage keys of at most 40/,
    reach: count =>
      storageOf(['storage', new Mark('torch.FloatStorage'), 'k'.repeat(count), 'cpu', 1], refuse),
  },
  'PyTorch: bytes of an integer': {
    most: 64,
    refusal: /integers of at most 64 bytes/,
    reach: count => pickled(0x8a, count, '\x01'.repeat(count), '.'),
  },
  'PyTorch: characters of a line': {
    most: 2 ** 16 - 1,
    refusal: /a line/,
    reach: count => pickled('V', 'a'.repeat(count), '\n.'),
  },
  'PyTorch: protocol of a pickle': {
    most: 5,
    refusal: /a pickle of protocol 0 to 5/,
    reach: count => pickled(0x80, count, 'N.'),
  },
  'ONNX: depth of messages': {
    most: ONNX.depth,
    refusal: /messages at most 100 deep/,
    reach: count => readOnnx(nested(count), 'file'),
  },
  'ONNX: depth of functions': {
    most: 100,
    refusal: /calls at most 100 deep/,
    reach: count => readOnnx(functions(count), 'file'),
  },
  'ONNX: nodes': {
    stands: ONNX.nodes,
    most: 20,
    refusal: /at most 20 nodes/,
    reach: count => readOnnx(model(...relus(count)), 'file', { ...ONNX, nodes: 20 }),
  },
  'ONNX: entries of lists': {
    stands: ONNX.entries,
    most: 20,
    refusal: /at most 20 entries/,
    // The opset is one of them.
    reach: count => {
      const outputs = names(2, new Array(count - 1).fill('y'))
      readOnnx(model(part(1, ...outputs)), 'file', { ...ONNX, entries: 20 })
    },
  },
  'ONNX: bytes of a file': {
    stands: ONNX.bytes,
    most: 200,
    refusal: /at most 200 bytes/,
    reach: count => readOnnx(new Uint8Array(count), 'file', { ...ONNX, bytes: 200 }),
  },
  'ONNX: elements of a tensor': {
    stands: ONNX.elements,
    most: 20,
    refusal: /dimensions from 0 to 20, got 21/,
    reach: count => readOnnx(withTensor(int(1, count), float32), 'file', { ...ONNX, elements: 20 }),
  },
  'card: height and width': {
    most: 4096,
    refusal: /a whole number from 1 to 4096/,
    reach: count => card({ height: count }),
  },
  'card: channels': {
    most: 64,
    refusal: /a whole number from 1 to 64/,
    reach: count => {
      const each = new Array(count).fill(0.5)
      card({ channels: count, mean: each, std: each })
    },
  },
  'run: bytes of config.json': {
    most: 1e6,
    refusal: /at most 1000000 bytes/,
    reach: async (count, folder) => {
      await writeFile(join(folder, 'config.json'), spaced('{}', count))
      await readRun(folder)
    },
  },
  'run: bytes of metrics.jsonl': {
    most: 1e8,
    refusal: /at most 100000000 bytes/,
    reach: async (count, folder) => {
      await writeFile(join(folder, 'metrics.jsonl'), '{}')
      await truncate(join(folder, 'metrics.jsonl'), count)
      await readMetrics(folder)
    },
  },
  'run: bytes of the lock': {
    most: 10_000,
    refusal: /the lock of a run, got 10001/,
    reach: async (count, folder) => {
      const holder = JSON.stringify({ host: 'elsewhere', pid: 1, since: 'then' })
      await writeFile(join(folder, 'run.lock'), spaced(holder, count))
      await lockRun(folder)
    },
  },
  'checkpoint: bytes of a manifest': {
    most: 1e6,
    refusal: /MANIFEST.json is missing or damaged/,
    reach: (count, folder) => checkpoint(folder, 'state.json', count),
  },
  'checkpoint: characters of a file’s name': {
    most: 100,
    refusal: /MANIFEST.json is missing or damaged/,
    reach: (count, folder) => checkpoint(folder, 'n'.repeat(count)),
  },
  'training: parameters': {
    most: 2 ** 31 - 1,
    refusal: /at most 2147483647 parameters/,
    reach: count => layout([{ name: 'a', shape: [count] }]),
  },
  'training: images of a batch, of 40': {
    most: 40,
    refusal: /at most 40, the number of training images/,
    reach: count =>
      checkData({
        config: { recipe: { ...RECIPES.short, batch: count } },
        train: { labels: labels(40), split: 'train' },
        validation: { labels: labels(2), split: 'validation' },
      } as never),
  },
  'recipe: operations of RandAugment': {
    most: 8,
    refusal: /a whole number from 1 to 8/,
    reach: operations => augment({ randAugment: { operations, magnitude: 1 } }),
  },
  'recipe: magnitude of RandAugment': {
    most: 10,
    refusal: /a number from 0 to 10/,
    reach: magnitude => augment({ randAugment: { operations: 1, magnitude } }),
  },
  'recipe: degrees of a turn': {
    most: 180,
    refusal: /a number above 0, up to 180/,
    reach: degrees => augment({ rotate: { degrees } }),
  },
  'figures: classes drawn': {
    most: 6,
    refusal: /at most 6, which can be told apart/,
    reach: count => {
      const classes = Array.from({ length: 9 }, (_, i) => `c${i}`)
      chosenClasses(
        { classes, labels: Int32Array.from({ length: 9 }, (_, i) => i) },
        classes.slice(0, count),
      )
    },
  },
  'download: redirects': {
    most: 5,
    refusal: /more than 5 redirects/,
    reach: (redirects, folder) => fetched(folder, { redirects }),
  },
  'download: bytes': {
    stands: 2 ** 30,
    most: 1000,
    refusal: /of which at most 1000 are taken/,
    reach: (bytes, folder) => fetched(folder, { bytes, mostBytes: 1000 }),
  },
  'data set: bytes of a file': {
    stands: 2 ** 30,
    most: 1000,
    refusal: /1001 bytes/,
    reach: async (count, folder) => {
      const path = join(folder, 'file')
      await writeFile(path, Buffer.alloc(count))
      const problem = whyUnreadable(path, 1000)
      if (problem !== undefined) refuse('a file', problem)
    },
  },
}

/** Counts of which there must be one at least. */
export const LEAST: Readonly<Record<string, (count: number) => unknown>> = {
  'recipe.epochs': epochs => config({ epochs }),
  'recipe.batch': batch => config({ batch }),
  'card.height': height => card({ height }),
  '--threads': count => threadCount(`${count}`),
}
