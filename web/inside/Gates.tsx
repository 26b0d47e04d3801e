/** The channels of one block: a bar each, in a fixed order, with what was before and the usual as marks. */

import type { Gated } from '../../src/inspect/excitation.ts'
import { average } from '../../src/stats/moments.ts'

/** What a block's numbers are, and where they lie. */
export const KINDS: Readonly<
  Record<Gated['kind'], { readonly name: string; readonly most: number }>
> = {
  selection: { name: 'share of the larger kernel', most: 1 },
  splits: { name: 'share of the first split', most: 1 },
  gate: { name: 'gate', most: 1 },
  addition: { name: 'what is added', most: 1 },
  gain: { name: 'gain', most: 2 },
}

interface GatesProps {
  readonly block: Gated
  readonly values: readonly number[]
  readonly before?: readonly number[] | undefined
  /** By channel, over many images: the order of the channels, and a mark in each. */
  readonly usual?: readonly number[] | undefined
  readonly isOff: boolean
}

export const Gates = ({ block, values, before, usual, isOff }: GatesProps) => {
  const order = values.map((_, i) => i)
  if (usual !== undefined) order.sort((a, b) => usual[a] - usual[b])
  // GCT's gates lie about 1, from 0 to 2.
  const most = Math.max(KINDS[block.kind].most, ...(usual ?? values)) > 1 ? 2 : 1
  const height = (value: number): number => Math.max(0, Math.min(value / most, 1))
  const moved =
    before === undefined
      ? undefined
      : average(values.map((value, i) => Math.abs(value - before[i])))
  const mean = average(values)
  return (
    <figure class={isOff ? 'gates off' : 'gates'}>
      <figcaption>
        <b>{block.block}</b>{' '}
        <span class="faint">
          {KINDS[block.kind].name}, {block.channels} channels
        </span>
        <output>
          mean {mean.toFixed(2)}
          {moved !== undefined && `, moved by ${moved.toFixed(3)}`}
        </output>
      </figcaption>
      <svg
        viewBox={`0 0 ${values.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${block.block}: mean ${mean.toFixed(2)} over ${block.channels} channels, from ${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`}
      >
        {order.map((channel, i) => {
          const value = height(values[channel])
          return (
            <g key={channel}>
              <rect class="f0" x={i + 0.08} width="0.84" y={1 - value} height={value} />
              {before && (
                <rect
                  class="f1"
                  x={i}
                  width="1"
                  y={1 - height(before[channel]) - 0.012}
                  height="0.024"
                />
              )}
              {usual && (
                <rect
                  class="f-ink"
                  x={i + 0.3}
                  width="0.4"
                  y={1 - height(usual[channel]) - 0.012}
                  height="0.024"
                />
              )}
            </g>
          )
        })}
        {most === 2 && <rect class="f-faint" x="0" width={values.length} y="0.495" height="0.01" />}
      </svg>
    </figure>
  )
}
