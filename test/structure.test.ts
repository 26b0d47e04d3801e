/** The structure of the sources: which folder may import which, read off every import statement. */

import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url))

/** At the bottom, for everyone. */
const GROUND = ['errors', 'native', 'random', 'stats', 'tensor', 'text']

const DESCRIBING = ['graph', 'ops', 'nn', 'attention', 'models']
const RUNNING = [...DESCRIBING, 'autodiff', 'passes', 'onnx', 'engines', 'weights', 'data']
const TRAINING = [...RUNNING, 'machines', 'tasks', 'train', 'runs']

/** What each folder may import besides itself and the ground. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  native: [],
  random: [],
  stats: [],
  tensor: [],
  text: [],
  platform: [],
  graph: [],
  ops: ['graph'],
  autodiff: ['graph', 'ops'],
  passes: ['graph', 'ops'],
  onnx: ['graph', 'ops'],
  engines: ['graph', 'ops', 'autodiff', 'passes', 'onnx'],
  nn: ['graph', 'ops'],
  attention: ['graph', 'ops', 'nn'],
  models: ['graph', 'ops', 'nn', 'attention'],
  weights: [...DESCRIBING, 'passes', 'onnx', 'engines'],
  data: [],
  machines: [],
  tasks: ['graph', 'ops', 'nn', 'engines', 'data', 'report'],
  train: [...RUNNING, 'machines', 'tasks'],
  runs: [...RUNNING, 'machines', 'tasks', 'train', 'report'],
  foreign: [...RUNNING, 'inspect', 'report'],
  inspect: [...TRAINING, 'report'],
  report: [],
  bench: [...TRAINING, 'inspect'],
  studies: [...TRAINING, 'inspect', 'report'],
  ui: [...TRAINING],
  cli: [...TRAINING, 'foreign', 'inspect', 'report', 'bench', 'studies', 'ui'],
  page: ['data', 'engines', 'inspect', 'models', 'weights'],
  'browser.ts': [...DESCRIBING, 'autodiff', 'onnx', 'page', 'train', 'weights'],
  'index.ts': [...TRAINING, 'foreign', 'inspect', 'studies'],
}

/** They run in a browser too. */
const BROWSER = [
  ...GROUND,
  ...DESCRIBING,
  'autodiff',
  'passes',
  'onnx',
  'engines',
  'data',
  'report',
  'tasks',
  'train',
  'page',
  'browser.ts',
]

/**
 * But for these, which need Node: FFI, ONNX Runtime's package for Node, which engines and datasets are
 * here, and files of images.
 */
const isOfNode = (file: string): boolean =>
  /^(native\/(koffi|libvips)|machines\/(mpi\/|join)|engines\/(onednn\/|onnxruntime\/|webgpu\/engine|registry|index))/.test(
    file,
  ) || /^data\/(decode\/|folder\/|sets\/|registry|openImages|index)/.test(file)

interface Import {
  readonly from: string
  readonly to: string
  /** Only types: nothing is left of it at run time. */
  readonly types: boolean
  /** When it is asked for, and not when the file loads. */
  readonly later?: boolean
}

const STATEMENT =
  /^(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\sfrom\s+)?'(?<static>[^']+)'|\bimport\(\s*'(?<dynamic>[^']+)'\s*\)/gm

/** The imports of a source text; paths from the root of the sources, packages as they are. */
const importsIn = (from: string, text: string): readonly Import[] =>
  [...text.matchAll(STATEMENT)].map(({ groups = {} }) => {
    const to = groups.static ?? groups.dynamic ?? ''
    return {
      from,
      to: to.startsWith('.') ? posix.join(posix.dirname(from), to) : to,
      types: groups.type !== undefined,
      ...(groups.dynamic === undefined ? {} : { later: true }),
    }
  })

const files = (readdirSync(SOURCE, { recursive: true }) as string[])
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts') && !/\.(test|suite|testing)\.ts$/.test(file))
  .sort()
const imports = files.flatMap(file => importsIn(file, readFileSync(`${SOURCE}/${file}`, 'utf8')))

const folderOf = (file: string): string => file.split('/')[0]
const internal = imports.filter(({ to }) => to.endsWith('.ts'))
const text = ({ from, to }: Import): string => `${from} → ${to}`

/** All that a file loads, at once or on demand, on whatever way; itself only on a cycle. */
const reachable = (edges: readonly Import[], start: string): ReadonlySet<string> => {
  const seen = new Set<string>()
  const open = [start]
  for (let file = open.pop(); file !== undefined; file = open.pop())
    for (const { from, to } of edges)
      if (from === file && !seen.has(to)) {
        seen.add(to)
        open.push(to)
      }
  return seen
}

/** Groups of files that reach each other, each sorted. */
const cyclesOf = (edges: readonly Import[]): readonly (readonly string[])[] => {
  const starts = [...new Set(edges.map(({ from }) => from))].sort()
  const reached = new Map(starts.map(file => [file, reachable(edges, file)]))
  const groups = starts
    .filter(file => reached.get(file)?.has(file))
    .map(file => starts.filter(to => reached.get(file)?.has(to) && reached.get(to)?.has(file)))
  return groups.filter(([first], i) => groups.findIndex(([other]) => other === first) === i)
}

describe('the parser', () => {
  it('sees every form of import, and takes none for what it is not', () => {
    const source = [
      "import a from './a.ts'",
      "import type { B } from '../b/b.ts'",
      'import {',
      '  c,',
      "} from './deep/c.ts'",
      "import './effect.ts'",
      "export * as d from './d.ts'",
      "export type { E } from './e.ts'",
      "const f = await import('./f.ts')",
      "import fs from 'node:fs'",
      "const text = 'import g'",
      "// from './h.ts'",
    ].join('\n')
    expect(importsIn('x/y.ts', source).map(({ to, types }) => (types ? `type ${to}` : to))).toEqual(
      [
        'x/a.ts',
        'type b/b.ts',
        'x/deep/c.ts',
        'x/effect.ts',
        'x/d.ts',
        'type x/e.ts',
        'x/f.ts',
        'node:fs',
      ],
    )
  })

  it('misses no import of the sources', () => {
    const mentions = files.flatMap(file =>
      [...readFileSync(`${SOURCE}/${file}`, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(
        ([, to]) => `${file} → ${posix.join(posix.dirname(file), to)}`,
      ),
    )
    expect(internal.map(text).sort()).toEqual(mentions.sort())
    expect(internal.filter(({ to }) => !files.includes(to)).map(text)).toEqual([])
  })

  it('finds cycles', () => {
    const edge = (from: string, to: string): Import => ({ from, to, types: false })
    const line = [edge('a', 'b'), edge('b', 'c')]
    expect(cyclesOf(line)).toEqual([])
    expect(cyclesOf([...line, edge('c', 'a'), edge('d', 'a')])).toEqual([['a', 'b', 'c']])
  })
})

it('errors are typed: nothing throws a bare Error', () => {
  const bare = files.filter(file => /\bnew Error\(/.test(readFileSync(`${SOURCE}/${file}`, 'utf8')))
  expect(bare).toEqual([])
})

describe('imports', () => {
  it('know every folder', () => {
    expect([...new Set(files.map(folderOf))].sort()).toEqual(Object.keys(ALLOWED).sort())
  })

  it.each(Object.entries(ALLOWED))('of %s stay within the table', (folder, allowed) => {
    const known = new Set([folder, ...GROUND, ...allowed])
    const mayUseNode = (file: string): boolean => !BROWSER.includes(folder) || isOfNode(file)
    const outside = internal.filter(
      ({ from, to }) =>
        folderOf(from) === folder &&
        !known.has(folderOf(to)) &&
        !(mayUseNode(from) && folderOf(to) === 'platform'),
    )
    expect(outside.map(text)).toEqual([])
  })

  it('of the table run in one direction', () => {
    const edges = Object.entries(ALLOWED).flatMap(([from, targets]) =>
      targets.map(to => ({ from, to, types: false })),
    )
    expect(cyclesOf(edges)).toEqual([])
  })

  it('form no cycles of files', () => {
    expect(cyclesOf(internal.filter(({ types }) => !types))).toEqual([])
  })

  it('of data form none by types either', () => {
    expect(cyclesOf(internal.filter(({ from }) => folderOf(from) === 'data'))).toEqual([])
  })
})

describe('what runs in a browser', () => {
  const loading = imports.filter(({ types }) => !types)

  it.each(BROWSER)('%s loads nothing of Node, directly or on the way', folder => {
    const loaded = files
      .filter(file => folderOf(file) === folder && !isOfNode(file))
      .flatMap(file =>
        [...reachable(loading, file)]
          .filter(to => /^(node:|onnxruntime-node$|sharp$|koffi$|tar$)/.test(to))
          .map(to => `${file} → ${to}`),
      )
    expect(loaded).toEqual([])
  })
})

describe('what a command loads before it knows what to do', () => {
  it('is little: the parser of the command line, and nothing that computes', () => {
    const first = imports.filter(({ types, later }) => !types && !later)
    const loaded = [...reachable(first, 'cli/main.ts')]
    const packages = loaded.filter(to => !to.endsWith('.ts') && !to.startsWith('node:'))
    expect(packages.sort()).toEqual(['commander', 'fastest-levenshtein'])
    expect(loaded.filter(to => /^(ops|nn|graph|autodiff)[/]/.test(to))).toEqual([])
  })
})
