/**
 * Colors that stay apart for every kind of color vision (Okabe and Ito: Color Universal Design,
 * 2008), for light paper and for dark screens.
 */

interface Theme {
  readonly paper: string
  readonly ink: string
  readonly faint: string
  readonly line: string
  readonly series: readonly string[]
}

const light: Theme = {
  paper: '#ffffff',
  ink: '#1b1f24',
  faint: '#59636e',
  line: '#d9dee3',
  series: ['#0072b2', '#d55e00', '#00795a', '#b04f87', '#9a6a00', '#3a86b8', '#59636e'],
}
const dark: Theme = {
  paper: '#14171a',
  ink: '#e6e9ec',
  faint: '#9aa4ae',
  line: '#333a41',
  series: ['#56b4e9', '#ff8a4c', '#2cc79b', '#e29ac4', '#e6b450', '#9ecbe8', '#9aa4ae'],
}

/** How many series have a color of their own. */
export const SERIES = light.series.length

/** The class of a series; `'ink'` and `'faint'` are for what is compared with. */
export type Color = number | 'ink' | 'faint'

const name = (color: Color): string =>
  typeof color === 'number' ? `${color % SERIES}` : `-${color}`

export const strokeClass = (color: Color): string => `s${name(color)}`
export const fillClass = (color: Color): string => `f${name(color)}`

const rules = ({ paper, ink, faint, line, series }: Theme): string =>
  [
    `svg text{fill:${ink}}svg .faint{fill:${faint}}`,
    `svg .grid{stroke:${line}}svg .axis{stroke:${faint}}svg .halo{stroke:${paper}}svg .paper{fill:${paper}}`,
    ...[...series, ink, faint].map((color, i) => {
      const key = i < series.length ? i : i === series.length ? 'ink' : 'faint'
      return `svg .${strokeClass(key)}{stroke:${color}}svg .${fillClass(key)}{fill:${color}}`
    }),
  ].join('')

const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif'

/** What a figure has in every theme. */
const FIGURE_SHAPES = [
  `svg{font:12px ${FONT}}`,
  'svg line,svg path{fill:none;shape-rendering:auto}',
  'svg .halo{stroke-width:3px;paint-order:stroke;stroke-linejoin:round}',
  'svg .title{font-weight:600}',
].join('\n')

/** What a figure needs, alone or on a page. Paper is white, whatever the screen is. */
export const FIGURE_STYLE = [
  FIGURE_SHAPES,
  rules(light),
  `@media screen and (prefers-color-scheme:dark){${rules(dark)}}`,
].join('\n')

const variables = ({ paper, ink, faint, line, series }: Theme): string =>
  `--paper:${paper};--ink:${ink};--faint:${faint};--line:${line};--accent:${series[0]};--wrong:${series[1]};--right:${series[2]};`

/** The same colors for a page. */
export const PAGE_COLORS = `:root{color-scheme:light dark;${variables(light)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(dark)}}}`

/** Colors and figures of a page whose reader may choose: `data-theme` of the root overrules the system. */
export const chosenColors = (): string => {
  const seriesOf = ({ series }: Theme) => series.map((color, i) => `--s${i}:${color};`).join('')
  const darkly = `color-scheme:dark;${variables(dark)}${seriesOf(dark)}${rules(dark)}`
  return `${FIGURE_SHAPES}
:root{color-scheme:light;${variables(light)}${seriesOf(light)}}
${rules(light)}
@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){${darkly}}}
:root[data-theme=dark]{${darkly}}`
}

export const FONT_FAMILY = FONT
