/** Box 1, the images: shapes, a folder, or the camera with a button to hold for each class. */

import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { readable } from '../../src/text/visible.ts'
import { type Camera, frameOf, openCamera } from '../components/camera.ts'
import { Problem } from '../components/Problem.tsx'
import { byFolder, dropped, type Gathering, pixelsOf } from './images.ts'

/** Frames a second while a button is held, and how large they are kept. */
const RATE = 10
const SIDE = 64

const CameraClasses = ({ gathering }: { readonly gathering: Gathering }) => {
  const camera = useRef<Camera | undefined>(undefined)
  const preview = useRef<HTMLDivElement>(null)
  const failure = useSignal<unknown>(undefined)
  const isOn = useSignal(false)
  const recording = useSignal<string | undefined>(undefined)
  const stop = (): void => {
    camera.current?.stop()
    camera.current?.video.remove()
    camera.current = undefined
    isOn.value = false
    recording.value = undefined
  }
  useEffect(() => stop, [])
  const start = async (): Promise<void> => {
    try {
      camera.current = await openCamera()
      preview.current?.append(camera.current.video)
      isOn.value = true
      for (const name of ['class 1', 'class 2'])
        if (gathering.classes.peek().size < 2) gathering.add(name, [])
    } catch (error) {
      failure.value = error
    }
  }
  const record = async (name: string): Promise<void> => {
    recording.value = name
    while (recording.peek() === name && camera.current !== undefined) {
      gathering.add(name, [pixelsOf(await frameOf(camera.current, SIDE))])
      await new Promise(resolve => setTimeout(resolve, 1000 / RATE))
    }
  }
  const release = (): void => {
    recording.value = undefined
  }
  const press = (event: KeyboardEvent, name: string): void => {
    if (event.key !== ' ' && event.key !== 'Enter') return
    event.preventDefault()
    // A press begins, the next one ends: for those who cannot hold.
    if (event.repeat) return
    if (recording.peek() === name) release()
    else void record(name)
  }
  return (
    <>
      <div class="row">
        <button type="button" onClick={() => (isOn.value ? stop() : void start())}>
          {isOn.value ? 'camera off' : 'camera'}
        </button>
        {isOn.value && (
          <button
            type="button"
            onClick={() => gathering.add(`class ${gathering.classes.peek().size + 1}`, [])}
          >
            another class
          </button>
        )}
      </div>
      {failure.value !== undefined && <Problem error={failure.value} />}
      <div class="preview" ref={preview} />
      {isOn.value && (
        <>
          <p class="small faint">Hold a button while the camera sees that class. It stays here.</p>
          <div class="row">
            {[...gathering.classes.value].map(([name, images]) => (
              <button
                key={name}
                type="button"
                class="hold"
                aria-pressed={recording.value === name}
                onPointerDown={() => void record(name)}
                onPointerUp={release}
                onPointerLeave={release}
                onKeyDown={event => press(event, name)}
              >
                {readable(name)} <b class="number">{images.length}</b>
              </button>
            ))}
          </div>
        </>
      )}
    </>
  )
}

export const ImagesBox = ({ gathering }: { readonly gathering: Gathering }) => {
  const take = (files: readonly { path: string; file: File }[]): void => {
    for (const [name, own] of byFolder(files)) gathering.add(name, own)
  }
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault()
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      if (event.dataTransfer) void dropped(event.dataTransfer).then(take)
    }
    addEventListener('dragover', over)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('drop', drop)
    }
  }, [])
  const classes = [...gathering.classes.value]
  return (
    <>
      <p class="small">
        A folder with a folder for each class, chosen or dropped here, or the camera.
      </p>
      <div class="row">
        <label class="file">
          choose a folder
          <input
            type="file"
            {...{ webkitdirectory: true }}
            onChange={event =>
              take(
                [...(event.currentTarget.files ?? [])].map(file => ({
                  path: file.webkitRelativePath,
                  file,
                })),
              )
            }
          />
        </label>
        {classes.length > 0 && (
          <button type="button" onClick={gathering.clear}>
            forget all
          </button>
        )}
      </div>
      <CameraClasses gathering={gathering} />
      <p class="number" aria-live="polite">
        {classes.length === 0
          ? 'No images yet.'
          : classes.map(([name, images]) => `${readable(name)} ${images.length}`).join(', ')}
      </p>
    </>
  )
}
