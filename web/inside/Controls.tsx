/** What the scene is made of: sliders and lists, the same as dragging, and more. */

import { Choice } from '../components/Choice.tsx'
import { Slider } from '../components/Slider.tsx'
import { FIELDS, type InsideState } from './address.ts'
import type { InsideModel } from './model.ts'
import { CLASS_NAMES, TEXTURE_NAMES } from './names.ts'

const SLIDERS = [
  { key: 'scale', label: 'scale', low: 0.5, high: 2, step: 0.01 },
  { key: 'x', label: 'across', low: 0, high: 1, step: 1 / 64 },
  { key: 'y', label: 'down', low: 0, high: 1, step: 1 / 64 },
  { key: 'turn', label: 'turn', low: 0, high: 1, step: 1 / 72 },
  { key: 'hue', label: 'hue', low: 0, high: 1, step: 0.01 },
] as const satisfies readonly { key: keyof InsideState; [more: string]: unknown }[]

/** A scene at random; the next one is another. */
const anotherScene = (): number => Math.floor(Math.random() * 1000)

export const Controls = ({ model }: { readonly model: InsideModel }) => {
  const state = model.state.value
  const set = (part: Partial<InsideState>): void => {
    model.freeze()
    model.change(part)
  }
  return (
    <div class="controls">
      <div class="row">
        <Choice
          label="class"
          value={state.class}
          names={CLASS_NAMES}
          onChange={name => set({ class: name })}
        />
        <Choice
          label="texture"
          value={state.texture}
          names={TEXTURE_NAMES}
          onChange={texture => set({ texture })}
        />
      </div>
      {SLIDERS.map(({ key, ...slider }) => (
        <Slider
          key={key}
          {...slider}
          value={state[key]}
          text={state[key].toFixed(2)}
          onStart={model.freeze}
          onChange={value => model.change({ [key]: value })}
        />
      ))}
      <div class="row">
        <button type="button" onClick={() => set({ background: anotherScene() })}>
          other background
        </button>
        <button
          type="button"
          onClick={() =>
            set({
              ...Object.fromEntries(Object.entries(FIELDS).map(([k, f]) => [k, f.initial])),
              net: state.net,
            } as InsideState)
          }
        >
          as at first
        </button>
      </div>
    </div>
  )
}
