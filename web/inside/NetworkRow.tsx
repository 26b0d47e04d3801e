/** The blocks of the network in their order, each with a switch for its attention. */

import type { Measured } from './measured.ts'
import type { InsideModel } from './model.ts'
import type { NetworkInfo } from './network.ts'

interface Props {
  readonly model: InsideModel
  readonly info: NetworkInfo
  readonly measured?: Measured | undefined
}

export const NetworkRow = ({ model, info, measured }: Props) => {
  const off = model.off.value
  return (
    <section class="panel">
      <h2>Switch the attention of a block off</h2>
      <div class="row">
        {info.blocks.map(({ path, block }) => {
          const change = measured?.blocks.find(own => own.path === path)?.change
          const isOn = !off.includes(path)
          return (
            <button
              key={path}
              type="button"
              class="switch"
              aria-pressed={isOn}
              onClick={() => model.toggle(path)}
            >
              <b>{block}</b> {isOn ? 'on' : 'off'}
              {!isOn && change !== undefined && (
                <span class="number"> {(100 * change).toFixed(1).replace('-', '−')} points</span>
              )}
            </button>
          )
        })}
      </div>
    </section>
  )
}
