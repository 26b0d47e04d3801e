/** Where the picture comes from: the scene, a file, the camera; and a network from a file. */

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { frameOf } from '../components/camera.ts'
import { Problem } from '../components/Problem.tsx'
import { useCamera } from '../components/useCamera.ts'
import type { InsideModel } from './model.ts'

const isModel = ({ name }: File): boolean => /\.(safetensors|onnx)$/i.test(name)
const CAMERA_INTERVAL = 100

export const PictureSource = ({ model }: { readonly model: InsideModel }) => {
  const failure = useSignal<unknown>(undefined)
  const { isLive, start, stop } = useCamera(async camera => {
    const side = model.network.peek()?.info.shape[1] ?? 32
    model.showImage(await frameOf(camera, 4 * side), 'the camera')
  }, CAMERA_INTERVAL)
  const take = (file: File | undefined): void => {
    if (file === undefined) return
    failure.value = undefined
    if (isModel(file)) void model.openFile(file)
    else {
      stop()
      model.showImage(file, file.name)
    }
  }
  const live = async (): Promise<void> => {
    failure.value = undefined
    await start().catch(error => {
      failure.value = error
    })
  }
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault()
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      take(event.dataTransfer?.files[0])
    }
    addEventListener('dragover', over)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragover', over)
      removeEventListener('drop', drop)
    }
  }, [])
  return (
    <div class="sources">
      <div class="row">
        {model.image.value !== undefined && (
          <button
            type="button"
            onClick={() => {
              stop()
              model.showImage(undefined)
            }}
          >
            back to the scene
          </button>
        )}
        <label class="file">
          open a picture or a model
          <input
            type="file"
            accept="image/*,.safetensors,.onnx"
            onChange={event => take(event.currentTarget.files?.[0])}
          />
        </label>
        {isLive.value ? (
          <button type="button" onClick={stop}>
            hold the picture
          </button>
        ) : (
          <button type="button" onClick={() => void live()}>
            camera
          </button>
        )}
      </div>
      {failure.value !== undefined && <Problem error={failure.value} />}
      <p class="small faint">Pictures and models, also when dropped here, stay in this browser.</p>
    </div>
  )
}
