/** What the trained networks say of a picture, or of the camera, side by side. */

import { useSignal } from '@preact/signals'
import { frameOf } from '../components/camera.ts'
import { Probabilities } from '../components/Probabilities.tsx'
import { Problem } from '../components/Problem.tsx'
import { useCamera } from '../components/useCamera.ts'
import { titleOf } from './Curves.tsx'
import { pixelsOf } from './images.ts'
import type { TrainModel } from './model.ts'

const INTERVAL = 150

export const TryIt = ({ models }: { readonly models: readonly TrainModel[] }) => {
  const answers = useSignal<readonly (readonly number[])[]>([])
  const failure = useSignal<unknown>(undefined)
  const ask = async (image: Parameters<TrainModel['classify']>[0]): Promise<void> => {
    answers.value = await Promise.all(models.map(model => model.classify(image)))
  }
  const { isLive, start, stop } = useCamera(
    async camera => ask(pixelsOf(await frameOf(camera, models[0].request.settings.size * 2))),
    INTERVAL,
  )
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    failure.value = undefined
    await work().catch(error => {
      failure.value = error
      stop()
    })
  }
  return (
    <section class="panel">
      <h2>Try it</h2>
      <div class="row">
        <label class="file">
          a picture
          <input
            type="file"
            accept="image/*"
            onChange={event => {
              const file = event.currentTarget.files?.[0]
              if (file) void attempt(() => ask(file))
            }}
          />
        </label>
        <button type="button" onClick={() => (isLive.value ? stop() : void attempt(start))}>
          {isLive.value ? 'camera off' : 'camera'}
        </button>
      </div>
      {failure.value !== undefined && <Problem error={failure.value} />}
      <div class="answers">
        {answers.value.map((values, i) => (
          <div key={i}>
            {models.length > 1 && <h3>{titleOf(models[i])}</h3>}
            <Probabilities classes={models[i].opened.value?.classes ?? []} values={values} />
          </div>
        ))}
      </div>
    </section>
  )
}
