/** What bench/compare.ts measures: works in rows, and who contends in each. */

export interface Row {
  readonly work: 'train' | 'infer'
  readonly network: string
  readonly batch: number
  /** Height and width of the images. */
  readonly size: number
  readonly contenders: readonly string[]
  /** Where a step of one of them takes half a minute. */
  readonly protocol?: Partial<Protocol>
}

/** How a contender measures: warm-up, then at least so many seconds and so many steps. */
export interface Protocol {
  readonly threads: number
  readonly warmUp: number
  readonly seconds: number
  readonly least: number
}

/** What a peer prints, as one line of JSON. */
export interface Printed {
  readonly version: string
  /** Of the network it built; absent where it runs ours. */
  readonly parameters?: number
  /** Of each measured step. */
  readonly seconds: readonly number[]
  /** Of the whole process, in bytes. */
  readonly peakMemory: number
}

type Command = readonly [program: string, ...parts: string[]]

export interface Contender {
  readonly describe: string
  readonly command: (row: Row, protocol: Protocol) => Command
}

/** Of TypeScript. */
const node = (file: string, ...parts: string[]): Command => [
  process.execPath,
  '--import',
  'tsx',
  file,
  ...parts,
]

const ours = (engine: string, describe: string): Contender => ({
  describe,
  command: ({ work, network, batch, size }, { threads, seconds }) => {
    const numbers = Object.entries({ batch, size, threads, seconds })
    const options = numbers.flatMap(([name, value]) => [`--${name}`, `${value}`])
    const words = ['bench', work, network, '--engine', engine, ...options, '--json']
    return node('src/cli/main.ts', ...words)
  },
})

const told = (row: Row, protocol: Protocol, more: object = {}): string =>
  JSON.stringify({ ...row, ...protocol, ...more })

const torch = (mode: string, describe: string): Contender => ({
  describe,
  command: (row, protocol) => [
    '/usr/bin/python3',
    'bench/peers/torch_peer.py',
    told(row, protocol, { mode }),
  ],
})

const peer = (file: string, describe: string): Contender => ({
  describe,
  command: (row, protocol) => node(`bench/peers/${file}`, told(row, protocol)),
})

export const CONTENDERS: Readonly<Record<string, Contender>> = {
  onednn: ours('onednn', 'Excite on oneDNN'),
  onnx: ours('onnxruntime', 'Excite on ONNX Runtime'),
  torch: torch('eager', 'PyTorch, eager'),
  'torch-frozen': torch('frozen', 'PyTorch, traced and frozen by TorchScript'),
  ort: peer('ort.ts', 'ONNX Runtime alone, on the exported file'),
  tfjs: peer('tfjs.js', 'TensorFlow.js: training on its CPU backend, inference on WebAssembly'),
  'jax-js': peer('jax.js', 'jax-js on WebAssembly, under jit'),
}

const ENGINES = ['onednn', 'onnx', 'torch']
const ANSWERS = ['onednn', 'onnx', 'torch', 'torch-frozen', 'ort']
const BROWSERS = ['onednn', 'tfjs', 'jax-js']
/** TensorFlow.js needs seven seconds for an image: one step, cold, is what a minute allows. */
const ONCE = { warmUp: 0, seconds: 0, least: 1 }

export const ROWS: readonly Row[] = [
  { work: 'train', network: 'se-resnet50', batch: 8, size: 224, contenders: ENGINES },
  { work: 'train', network: 'se-resnet20', batch: 128, size: 32, contenders: ENGINES },
  { work: 'train', network: 'sknet50', batch: 8, size: 224, contenders: ENGINES },
  { work: 'train', network: 'gct-resnet50', batch: 8, size: 224, contenders: ENGINES },
  { work: 'infer', network: 'se-resnet50', batch: 1, size: 224, contenders: ANSWERS },
  { work: 'infer', network: 'se-resnet50', batch: 8, size: 224, contenders: ANSWERS },
  {
    work: 'train',
    network: 'se-resnet20',
    batch: 4,
    size: 32,
    contenders: BROWSERS,
    protocol: ONCE,
  },
  { work: 'infer', network: 'se-resnet20', batch: 8, size: 32, contenders: BROWSERS },
]
