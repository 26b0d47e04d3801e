/** The picture as the network sees it; in a scene the object is dragged, and its corner scales it. */

import { useEffect, useRef } from 'preact/hooks'
import type { InsideModel } from './model.ts'

/** The radius of a shape of scale 1, as a share of the picture. */
const RADIUS = 0.2
const KEY_STEP = 1 / 32

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

const draw = (canvas: HTMLCanvasElement, pixels: Uint8Array): void => {
  const side = Math.sqrt(pixels.length / 3)
  canvas.width = side
  canvas.height = side
  const image = new ImageData(side, side)
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[c * side * side + i]
    image.data[4 * i + 3] = 255
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0)
}

export const Stage = ({ model }: { readonly model: InsideModel }) => {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { answer, state, image } = model
  const pixels = answer.value?.pixels
  useEffect(() => {
    if (canvas.current && pixels) draw(canvas.current, pixels)
  }, [pixels])
  const { x, y, scale, cam } = state.value
  const isScene = image.value === undefined
  const heat = cam ? answer.value?.heat : undefined
  const held = useRef<'object' | 'corner' | undefined>(undefined)
  const reach = RADIUS * scale

  const place = (event: PointerEvent): readonly [number, number] => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
  }
  const press = (event: PointerEvent): void => {
    if (!isScene) return
    const [px, py] = place(event)
    const corner = Math.hypot(px - (x + reach), py - (y + reach)) < 0.09
    held.current = corner ? 'corner' : 'object'
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
    model.freeze()
    if (!corner) move(event)
  }
  const move = (event: PointerEvent): void => {
    if (held.current === undefined) return
    const [px, py] = place(event)
    if (held.current === 'object') model.change({ x: clamp(px, 0, 1), y: clamp(py, 0, 1) })
    else model.change({ scale: clamp(Math.max(px - x, py - y) / RADIUS, 0.5, 2) })
  }
  const key = (event: KeyboardEvent): void => {
    if (!isScene) return
    const step = event.shiftKey ? 4 * KEY_STEP : KEY_STEP
    const changes: Record<string, Partial<typeof state.value>> = {
      ArrowLeft: { x: clamp(x - step, 0, 1) },
      ArrowRight: { x: clamp(x + step, 0, 1) },
      ArrowUp: { y: clamp(y - step, 0, 1) },
      ArrowDown: { y: clamp(y + step, 0, 1) },
      '+': { scale: clamp(scale * 2 ** 0.25, 0.5, 2) },
      '-': { scale: clamp(scale / 2 ** 0.25, 0.5, 2) },
    }
    const change = changes[event.key]
    if (change === undefined) return
    event.preventDefault()
    if (!event.repeat) model.freeze()
    model.change(change)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture that is moved by arrows is no fieldset
    <div
      class="stage"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys do what dragging does
      tabIndex={0}
      aria-label={
        isScene
          ? 'The picture. Arrow keys move the object, plus and minus scale it'
          : `The picture: ${image.value}`
      }
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={() => {
        held.current = undefined
      }}
      onPointerCancel={() => {
        held.current = undefined
      }}
      onKeyDown={key}
    >
      <canvas ref={canvas} class="pixels" width="32" height="32" />
      <svg viewBox="0 0 1 1" aria-hidden="true">
        {heat?.values.map((value, i) => (
          <rect
            key={i}
            class="heat"
            x={(i % heat.width) / heat.width}
            y={Math.floor(i / heat.width) / heat.height}
            width={1 / heat.width}
            height={1 / heat.height}
            fill-opacity={0.75 * value}
          />
        ))}
        {isScene && (
          <>
            <rect class="frame" x={x - reach} y={y - reach} width={2 * reach} height={2 * reach} />
            <circle
              class="handle"
              cx={clamp(x + reach, 0.03, 0.97)}
              cy={clamp(y + reach, 0.03, 0.97)}
              r="0.03"
            />
          </>
        )}
      </svg>
    </div>
  )
}
