/** Text for people: nothing in it that a terminal, a spreadsheet or a table would obey. */

import { describe, expect, it } from 'vitest'
import { UsageError } from '../errors/index.ts'
import { count, percent, signed } from './numbers.ts'
import { csv, markdownText, table, tableMarkdown } from './table.ts'
import { quoted, readable, visible } from './visible.ts'

describe('names from outside', () => {
  it.each([
    [
      'a terminal obeys',
      '\u001b[31mred\u001b]0;title\u0007',
      '\\u001b[31mred\\u001b]0;title\\u0007',
    ],
    ['break lines', 'a\r\nb\u2028c', 'a\\r\\nb\\u2028c'],
    ['turn the direction of writing', 'exe\u202egnp', 'exe\\u202egnp'],
    ['are half a character', 'a\ud83d', 'a\\ud83d'],
  ])('show what would %s', (_, name, expected) => expect(visible(name)).toBe(expected))

  it.each(['Ümlaut 日本 🙂', 'C:\\pictures', 'say "yes"', 'a\u200db'])('leave %s alone', name =>
    expect(visible(name)).toBe(name),
  )

  it('are cut and quoted', () => {
    expect(visible('x'.repeat(9), 4)).toBe('xxxx…')
    expect(readable('x'.repeat(200))).toHaveLength(81)
    expect(quoted('a "b"\n')).toBe('"a \\"b\\"\\n"')
  })

  it('stand in errors as all else prints them, and in full in the fields', () => {
    const name = `\u001b[2J${'x'.repeat(5000)}`
    const error = new UsageError({ where: name, expected: 'a file', got: name })
    expect(error.message).not.toContain('\u001b')
    expect(error.message.length).toBeLessThan(2200)
    expect(error.got).toBe(name)
  })
})

describe('numbers', () => {
  it('are as people read them', () => {
    expect(count(25557032)).toBe('25,557,032')
    expect(percent(0.9312)).toBe('93.12 %')
    expect(percent(0.9312, 0)).toBe('93 %')
    expect([0.123, -0.123, -0.001].map(value => signed(value))).toEqual(['+0.12', '−0.12', '0.00'])
  })
})

describe('tables', () => {
  const columns = [{ heading: 'a|b' }, { heading: 'n', right: true }]

  it('are aligned for terminals, which obey nothing in them', () => {
    expect(table(columns, [['x\ny\u001b', '1']])).toBe(
      'a|b         n\n─────────────\nx\\ny\\u001b  1',
    )
  })

  it('are Markdown', () => {
    expect(tableMarkdown(columns, [['x & y\nz', '1.5']])).toBe(
      '| a\\|b | n |\n|---|---:|\n| x & y z | 1.5 |',
    )
    expect(tableMarkdown(columns, [[markdownText('<b>|'), '1']])).toContain('| \\<b\\>\\| | 1 |')
  })

  it('are CSV: one line per record, numbers as they are, and no formulas', () => {
    expect(csv([{ a: 'x, "y"', b: -2, c: undefined }])).toBe('a,b,c\n"x, ""y""",-2,\n')
    const cells = ['=cmd|calc!A1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', 'a\rb']
    expect(
      csv(cells.map(a => ({ a })))
        .split('\n')
        .slice(1, -1),
    ).toEqual(["'=cmd|calc!A1", "'+1", "'-1", "'@SUM(A1)", "' =1", '\\t=1', 'a\\rb'])
  })
})
