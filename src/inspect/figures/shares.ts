/** Shares of a whole, a bar each. */

import { plot } from '../../report/plot.ts'

export interface Share {
  readonly name: string
  /** Of one. */
  readonly share: number
}

const written = (percent: number): string =>
  percent === 0 ? '0' : percent < 0.01 ? '< 0.01' : percent.toFixed(percent < 10 ? 2 : 0)

export const shares = (title: string, rows: readonly Share[]) =>
  plot({
    title,
    height: 60 + 26 * Math.max(rows.length, 1),
    x: {
      label: 'share (%)',
      domain: [0, 112],
      ticks: [0, 50, 100].map(at => ({ at, text: `${at}` })),
    },
    y: { categories: rows.map(({ name }) => name) },
    marks: [
      {
        kind: 'bars',
        lying: true,
        width: 0.6,
        points: rows.map(({ share }, i) => [100 * share, i]),
      },
      ...rows.map(({ share }, i) => {
        const at = [100 * share + 1.5, i] as const
        return { kind: 'note', at, text: written(100 * share) } as const
      }),
    ],
  })
