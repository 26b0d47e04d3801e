/** What a network says: a lying bar a class in a fixed order, the likeliest bold, what was before as a mark. */

import { readable } from '../../src/text/visible.ts'

interface ProbabilitiesProps {
  readonly classes: readonly string[]
  readonly values: readonly number[]
  readonly before?: readonly number[] | undefined
}

/** More are not read. */
const MOST = 12

export const Probabilities = ({ classes, values, before }: ProbabilitiesProps) => {
  const best = values.indexOf(Math.max(...values))
  const shown = classes
    .map((name, i) => ({ name, i }))
    .sort((a, b) => (classes.length > MOST ? values[b.i] - values[a.i] : a.i - b.i))
    .slice(0, MOST)
  return (
    <table class="probabilities" aria-label="Probabilities">
      <tbody>
        {shown.map(({ name, i }) => (
          <tr key={name} class={i === best ? 'best' : ''}>
            <th scope="row">{readable(name)}</th>
            <td class="bar">
              <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="f0" width={100 * (values[i] ?? 0)} height="10" />
                {before && <rect class="f-ink" x={99 * before[i]} width="1" height="10" />}
              </svg>
            </td>
            <td class="number">{(100 * (values[i] ?? 0)).toFixed(1)} %</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
