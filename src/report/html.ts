/** A page in one file: no network, light and dark, and fit to print. */

import { FIGURE_STYLE, FONT_FAMILY, PAGE_COLORS } from './colors.ts'
import { type Content, element, fragment, type Markup, raw } from './markup.ts'
import { type Figure, inlineSvg } from './svg.ts'

export interface Section {
  readonly heading: string
  readonly body: readonly Markup[]
}

export interface Page {
  readonly title: string
  /** What was looked at, in a sentence. */
  readonly subtitle: string
  /** What a reader has to know beforehand. */
  readonly introduction?: string | undefined
  readonly sections: readonly Section[]
  /** How it was made: command, version, date. */
  readonly footer: string
}

/** Pages end between panels and rows, not within; panels stand in pairs, and short tables stay whole. */
const PRINT = `@media print{
body{font-size:13px}
main{max-width:none;padding:0}
nav{display:none}
svg,p,tr,.gallery figure,.scroll:not(:has(tbody tr:nth-child(13))){break-inside:avoid}
h2,h2+p,figure>svg{break-after:avoid}
figure>svg{display:block}
h2{margin-top:1.6rem}
footer{margin-top:1rem}
figcaption,footer{break-before:avoid;break-inside:avoid}
.panels{display:block}
.panels svg{margin:0 1% .6rem 0;max-width:48%;vertical-align:top}
.panels svg:only-child{max-width:100%}
.scroll{overflow:visible;background:none}
.scroll>svg{max-width:100%;height:auto}
}`

const STYLE = `${PAGE_COLORS}
${FIGURE_STYLE}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 ${FONT_FAMILY}}
main{max-width:76rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.2rem;margin:2.6rem 0 .4rem;padding-top:.8rem;border-top:1px solid var(--line)}
p,li,figcaption{max-width:46rem}
.subtitle,figcaption,footer{color:var(--faint)}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:1rem 0}
a{color:var(--accent)}
figure{margin:1.2rem 0}
figcaption{font-size:.875rem;margin-top:.4rem}
.panels{display:flex;align-items:flex-start;flex-wrap:wrap;gap:1.2rem 1.2rem}
.panels svg{max-width:100%;height:auto}
.scroll{overflow-x:auto;background:
linear-gradient(90deg,var(--paper) 40%,transparent) 0 0/2rem 100% no-repeat local,
linear-gradient(270deg,var(--paper) 40%,transparent) 100% 0/2rem 100% no-repeat local,
linear-gradient(90deg,var(--line),transparent) 0 0/.7rem 100% no-repeat,
linear-gradient(270deg,var(--line),transparent) 100% 0/.7rem 100% no-repeat}
.scroll>svg{max-width:none}
table{border-collapse:collapse;font-size:.875rem;margin:.8rem 0}
th,td{text-align:left;padding:.25rem .9rem .25rem 0;white-space:nowrap}
thead th{border-bottom:1px solid var(--faint);vertical-align:bottom}
tbody tr+tr td{border-top:1px solid var(--line)}
.number{text-align:right;font-variant-numeric:tabular-nums}
.matrix td{text-align:center;min-width:2rem;padding:.25rem .3rem;font-variant-numeric:tabular-nums}
.matrix thead th{font-weight:400;text-align:left;padding:.25rem .3rem}
.matrix thead th:first-child{color:var(--faint);white-space:normal;min-width:6rem}
.matrix tbody th{font-weight:400}
.matrix th span{writing-mode:vertical-rl;transform:rotate(180deg);display:inline-block;max-height:9rem;overflow:hidden}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(6rem,1fr));gap:1.2rem 1rem;margin:1rem 0}
.gallery figure{margin:0}
.gallery img{width:100%;max-width:7rem;aspect-ratio:1;object-fit:contain;background:var(--line)}
.gallery figcaption{font-size:.8rem;color:var(--ink)}
.gallery .name{color:var(--faint);overflow-wrap:anywhere}
img{image-rendering:pixelated;display:block}
code{font-size:.9em}
footer{margin-top:3rem;font-size:.8rem}
${PRINT}`

/** Whatever stands on the page by somebody's fault, the browser loads and runs nothing of it. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

export const paragraph = (...contents: readonly Content[]): Markup => element('p', {}, ...contents)

export interface FigureOptions {
  /** What the colors mean, above the plots. */
  readonly key?: Figure | undefined
}

/** A plot as wide as this shrinks on a telephone; a wider one is read by moving it. */
const SHRINKS = 520

/** One or more plots with a caption; several of them fill rows as wide as the screen allows. */
export const figure = (
  figures: readonly Figure[],
  caption: string,
  { key }: FigureOptions = {},
): Markup => {
  const drawn = figures.map(one => inlineSvg(one, caption))
  const wide = figures.length === 1 && figures[0].width > SHRINKS
  return element(
    'figure',
    {},
    key === undefined ? undefined : inlineSvg(key, 'what the colors mean'),
    element('div', { class: wide ? 'scroll' : 'panels' }, ...drawn),
    element('figcaption', {}, caption),
  )
}

const anchor = (heading: string): string => heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

export const page = ({ title, subtitle, introduction, sections, footer }: Page): string => {
  const links = sections.map(({ heading }) =>
    element('a', { href: `#${anchor(heading)}` }, heading),
  )
  const body = element(
    'main',
    {},
    element('h1', {}, title),
    element('p', { class: 'subtitle' }, subtitle),
    introduction === undefined ? undefined : paragraph(introduction),
    element('nav', {}, ...links),
    ...sections.map(({ heading, body }) =>
      element('section', {}, element('h2', { id: anchor(heading) }, heading), ...body),
    ),
    element('footer', {}, footer),
  )
  const head = fragment(
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('title', {}, title),
    element('style', {}, raw(STYLE)),
  )
  const html = element('html', { lang: 'en' }, element('head', {}, head), element('body', {}, body))
  return `<!doctype html>\n${html.markup}\n`
}
