/** Plots, tables and pages: complete, escaped, and on their own. */

import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { figure, page, paragraph } from './html.ts'
import { legend } from './legend.ts'
import { element, fragment } from './markup.ts'
import { plot } from './plot.ts'
import { formatNumber, scaleOf } from './scale.ts'
import { arrange, svgFile } from './svg.ts'
import { tableMarkup } from './table.ts'

const drawing = plot({
  title: 'Accuracy <of> all',
  x: { label: 'epoch' },
  y: { label: 'accuracy (%)' },
  marks: [
    {
      kind: 'band',
      ranges: [
        [1, 87, 89],
        [2, 89, 91],
      ],
    },
    {
      kind: 'line',
      points: [
        [1, 88],
        [2, 90],
      ],
      label: 'SE',
    },
    {
      kind: 'line',
      points: [
        [1, 88],
        [2, 90],
      ],
      label: 'plain',
      color: 1,
    },
    { kind: 'intervals', ranges: [[1.5, 88, 90]] },
    { kind: 'bars', points: [[1.2, 3]], width: 0.1 },
    { kind: 'dots', points: [[1, 88]] },
    { kind: 'rule', y: 89.5, label: 'paper' },
    { kind: 'note', at: [1.5, 88], text: 'here' },
  ],
})

describe('markup', () => {
  it('escapes text and attributes, and nothing twice', () => {
    const inner = element('b', { title: 'a "b" & c' }, '1 < 2')
    expect(fragment(inner, '<i>').markup).toBe(
      '<b title="a &quot;b&quot; &amp; c">1 &lt; 2</b>&lt;i&gt;',
    )
  })

  it('makes visible what XML forbids and what turns text around', async () => {
    const name = 'a\u0000\u001b[31m\ud800\u202eb\uffff'
    const drawing = element('text', { y: 20, 'data-name': name }, name)
    const file = svgFile({ width: 90, height: 30, drawing }, name)
    expect(file).toContain('>a\\u0000\\u001b[31m\\ud800\\u202eb\\uffff</text>')
    expect((await sharp(Buffer.from(file)).png().metadata()).width).toBe(114)
  })
})

it('draws an arrowhead where an interval is cut off, whichever way it lies', () => {
  const arrows = (lying: boolean, within?: readonly [number, number]): number => {
    const ranges = [
      [0, -5, 20],
      [1, -5, 120],
      [2, 40, 60],
    ] as const
    const { drawing } = plot({ marks: [{ kind: 'intervals', ranges, lying, within }] })
    return drawing.markup.match(/<path/g)?.length ?? 0
  }
  for (const lying of [false, true]) {
    expect(arrows(lying)).toBe(0)
    expect(arrows(lying, [0, 100])).toBe(3)
  }
})

describe('scales', () => {
  const ticks = (...given: Parameters<typeof scaleOf>): readonly string[] =>
    scaleOf(...given).ticks.map(({ text }) => text)

  it.each([
    ['round steps', { domain: [0, 1] as const }, ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    ['a real minus', { domain: [-10, 10] as const }, ['−10', '−5', '0', '5', '10']],
    ['decades', { domain: [0.01, 100] as const, log: true }, ['0.01', '0.1', '1', '10', '100']],
    ['names', { categories: ['a', 'b'] }, ['a', 'b']],
    ['whole numbers', { domain: [1, 3] as const, whole: true }, ['1', '2', '3']],
    [
      'round steps within a part of a decade',
      { domain: [0.65, 1.02] as const, log: true },
      ['0.7', '0.8', '0.9', '1.0'],
    ],
  ])('have ticks at %s', (_, axis, expected) => {
    expect(ticks(axis, [], [0, 350])).toEqual(expected)
  })

  it('hold every value, also a single one and none', () => {
    const scale = scaleOf({}, [3, 9, Number.NaN], [0, 100])
    expect(scale(3)).toBeGreaterThan(0)
    expect(scale(9)).toBeLessThan(100)
    for (const values of [[], [0], [5]])
      for (const log of [false, true])
        expect(
          Number.isFinite(
            scaleOf(
              { log },
              values.map(v => v + 1),
              [0, 100],
            )(2),
          ),
        ).toBe(true)
  })

  it('write nothing as minus nothing', () => expect(formatNumber(-0.0001, 2)).toBe('0.00'))
})

describe('plots', () => {
  const { markup } = drawing.drawing

  it('say what they show', () => {
    for (const text of ['Accuracy &lt;of&gt; all', 'epoch', 'accuracy (%)', 'SE', 'paper', 'here'])
      expect(markup).toContain(`>${text}</text>`)
    expect(markup).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('move labels of lines that end in one place apart', () => {
    const y = (text: string): number =>
      Number(new RegExp(`y="([\\d.]+)">${text}<`).exec(markup)?.[1])
    expect(Math.abs(y('SE') - y('plain'))).toBeGreaterThanOrEqual(13.99)
  })

  it('break a line where a value is missing', () => {
    const { drawing } = plot({
      marks: [
        {
          kind: 'line',
          points: [
            [0, 1],
            [1, Number.NaN],
            [2, 1],
            [3, 2],
          ],
        },
      ],
    })
    expect(drawing.markup.match(/ d="[^"]*"/)?.[0].match(/M/g)).toHaveLength(2)
  })

  it('leave out tick texts that would touch', () => {
    const categories = Array.from({ length: 40 }, (_, i) => `block ${i}`)
    const { drawing } = plot({ x: { categories }, marks: [] })
    const shown = drawing.markup.match(/block \d+/g) ?? []
    expect(shown.length).toBeGreaterThan(2)
    expect(shown.length).toBeLessThan(10)
  })

  it('are SVG that others can draw, alone and arranged', async () => {
    const keys = legend([{ text: 'a class', color: 2 }])
    const both = arrange([keys, arrange([drawing, drawing], 2)], 1)
    expect([both.width, both.height]).toEqual([736, 240 + 16 + keys.height])
    const file = svgFile(both, 'two lines')
    expect(file).toContain('<title>two lines</title>')
    const { width, height } = await sharp(Buffer.from(file)).png().metadata()
    expect([width, height]).toEqual([both.width + 24, both.height + 24])
    const { channels } = await sharp(Buffer.from(file)).stats()
    expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(1)
  })
})

describe('tables', () => {
  it('are HTML, with numbers at the right', () => {
    const table = {
      columns: [{ heading: 'a' }, { heading: 'n', right: true }],
      rows: [['x & y', '1.5']],
    }
    expect(tableMarkup(table).markup).toContain('<td>x &amp; y</td><td class="number">1.5</td>')
  })
})

describe('a page', () => {
  const html = page({
    title: 'A & B',
    subtitle: 'what',
    footer: 'how',
    sections: [{ heading: 'By class', body: [paragraph('text'), figure([drawing], 'Caption')] }],
  })

  it('stands alone: no address, no script', () => {
    expect(html).not.toMatch(/https?:|<script|<link|@import|url\(/)
  })

  it('forbids the browser to load or run anything, before anything could be', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)
    expect(policy?.[1]).toBe(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    )
    expect(policy?.index).toBeLessThan(html.indexOf('<title>'))
  })

  it('is readable in light, in the dark and on paper, on a phone and by ear', () => {
    expect(html).toContain('@media screen and (prefers-color-scheme:dark)')
    expect(html).toContain('@media print')
    expect(html).toContain('name="viewport"')
    expect(html).toContain('aria-label="Caption"')
    expect(html).toContain('<html lang="en">')
    expect(html).toContain('<a href="#by-class">By class</a>')
    expect(html).toContain('<h2 id="by-class">')
    expect(html).toContain('<title>A &amp; B</title>')
  })
})
