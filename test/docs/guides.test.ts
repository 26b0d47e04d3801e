/** Every guide does what it says, from its first line to its last; every link in the documents leads somewhere. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { blocksOf, workplace } from './guide.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...(readdirSync(join(ROOT, 'docs'), { recursive: true }) as string[]).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'))
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

describe('blocks', () => {
  it('are found with what is run in their place', () => {
    const guide =
      'A\n\n```sh\na\nb\n```\n\n<!-- not run: slow -->\n```ts\nc\n```\n\n```json\n{}\n```\n'
    expect(blocksOf(guide)).toMatchObject([
      { line: 3, language: 'sh', text: 'a\nb\n', notRun: undefined },
      { line: 8, language: 'ts', text: 'c\n', notRun: 'slow' },
    ])
  })
})

describe.each(documents)('%s', name => {
  it('has links that lead somewhere', () => {
    const anchors = (text: string): readonly string[] =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      )
    const broken = [...read(name).matchAll(/\]\(((?!https?:|mailto:)[^)\s]+)\)/g)]
      .map(([, link]) => link)
      .filter(link => {
        const [path, anchor] = link.split('#')
        const file = path === '' ? name : join(dirname(name), path)
        if (!existsSync(join(ROOT, file))) return true
        return anchor !== undefined && !anchors(read(file)).includes(anchor)
      })
    expect(broken).toEqual([])
  })
})

describe.each(documents.filter(name => name.startsWith('docs/guides/')))('%s', name => {
  it('does what it says', async () => {
    const { run, close } = await workplace()
    try {
      for (const block of blocksOf(read(name)))
        await run(block).catch(({ message, stderr }: { message: string; stderr: string }) => {
          expect.unreachable(`${name}:${block.line}: ${stderr || message}`)
        })
    } finally {
      await close()
    }
  }, 300_000)
})
