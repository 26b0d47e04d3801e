/** Every exported name has its sentence, and so has every field of what is exported. */

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url))
const text = (file: string): string => readFileSync(SOURCE + file, 'utf8')

/** One name that an index exports, and the file that it is exported from. */
interface Exported {
  readonly name: string
  readonly file: string
}

/** The names of an index, those of its namespaces too. */
const exportedBy = (index: string): readonly Exported[] =>
  [
    ...text(index).matchAll(/^export (?:type )?(\*(?: as \w+)?|\{[^}]*\}) from '([^']+)'/gm),
  ].flatMap(([, what, from]) => {
    const file = posix.join(posix.dirname(index), from)
    if (what.startsWith('*')) return exportedBy(file)
    const names = what.slice(1, -1).split(',')
    return names
      .map(
        name =>
          name
            .replace(/^\s*type /, '')
            .trim()
            .split(' as ')[0],
      )
      .filter(name => name !== '')
      .map(name => ({ name, file }))
  })

const escaped = (name: string): string => name.replaceAll('$', '\\$')

/** Where a name is declared in a text, if it is there. */
const declaredAt = (source: string, name: string): number =>
  source.search(
    new RegExp(
      `^export (?:declare )?(?:abstract )?(?:interface|type|const|class|function) ${escaped(name)}\\b`,
      'm',
    ),
  )

const isDocumented = (source: string, at: number): boolean => /\*\/\s*$/.test(source.slice(0, at))

/** The fields of an interface that stand without a sentence. */
const bareFields = ({ name, file }: Exported): readonly string[] => {
  const source = text(file)
  const body = new RegExp(`^export interface ${escaped(name)}\\b[^{]*\\{\\n(.*?)^\\}`, 'ms').exec(
    source,
  )
  if (body === null) return []
  const start = body.index + body[0].indexOf('{\n') + 2
  return [...body[1].matchAll(/^ {2}(?:readonly )?(\w+)\??[(:<]/gm)]
    .filter(({ index }) => !isDocumented(source, start + index))
    .map(([, field]) => `${name}.${field}`)
}

/** Operations are ONNX's by their names, which say what they are. */
const all = exportedBy('index.ts').filter(
  ({ name, file }) => !file.startsWith('ops/') && declaredAt(text(file), name) >= 0,
)

it('is so of names', () => {
  const bare = all.filter(
    ({ name, file }) => !isDocumented(text(file), declaredAt(text(file), name)),
  )
  expect(bare.map(({ name, file }) => `${file}: ${name}`)).toEqual([])
})

it('is so of fields', () => {
  expect([...new Set(all.flatMap(bareFields))]).toEqual([])
})
