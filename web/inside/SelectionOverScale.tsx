/** The share of the larger kernel over the object's scale: this picture's, many scenes', and now. */

import { average } from '../../src/stats/moments.ts'
import { Plot } from '../components/Plot.tsx'
import type { Measured } from './measured.ts'
import type { InsideModel } from './model.ts'
import type { NetworkInfo } from './network.ts'
import { SCALES } from './scales.ts'

interface Props {
  readonly model: InsideModel
  readonly info: NetworkInfo
  readonly measured?: Measured | undefined
}

const TICKS = [0.5, 0.7, 1, 1.4, 2].map(at => ({ at, text: `${at}` }))

export const SelectionOverScale = ({ model, info, measured }: Props) => {
  const { scale } = model.state.value
  const sweep = model.sweep.value
  const answer = model.answer.value
  return (
    <section class="panel">
      <h2>Share of the larger kernel over the object's scale</h2>
      <div class="plots">
        {info.blocks.map(({ path, block }, i) => {
          const usual = measured?.blocks.find(own => own.path === path)?.sweep
          const now = answer && average(answer.gates[i])
          return (
            <Plot
              key={path}
              title={block}
              width={230}
              height={170}
              label={`${block}: the larger kernel's share over scale${now === undefined ? '' : `, now ${now.toFixed(2)} at ${scale.toFixed(2)}`}`}
              x={{ domain: [0.48, 2.08], log: true, ticks: TICKS, label: 'scale' }}
              y={{ domain: [0.35, 0.75] }}
              marks={[
                ...(usual
                  ? [
                      {
                        kind: 'band' as const,
                        color: 'faint' as const,
                        ranges: SCALES.map(
                          (s, k) =>
                            [
                              s,
                              usual.mean[k] - usual.std[k],
                              usual.mean[k] + usual.std[k],
                            ] as const,
                        ),
                      },
                      {
                        kind: 'line' as const,
                        color: 'faint' as const,
                        dashed: true,
                        points: SCALES.map((s, k) => [s, usual.mean[k]] as const),
                      },
                    ]
                  : []),
                ...(sweep
                  ? [
                      {
                        kind: 'line' as const,
                        points: SCALES.map((s, k) => [s, sweep[k][i]] as const),
                      },
                    ]
                  : []),
                ...(now === undefined
                  ? []
                  : [
                      {
                        kind: 'dots' as const,
                        points: [[scale, now] as const],
                        color: 1,
                        radius: 5,
                      },
                    ]),
              ]}
            />
          )
        })}
      </div>
      <p class="small faint">
        Dot: now. Line: this scene at every scale. Dashed, with its spread:{' '}
        {measured ? `${measured.scenes} other scenes` : 'other scenes, not measured'}, drawn as Li
        et al. draw Figure 3.
      </p>
    </section>
  )
}
