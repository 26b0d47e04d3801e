/** One training: how far it is, what stops it, and what to take home. */

import { duration } from '../../src/text/numbers.ts'
import { download } from '../components/download.ts'
import { Problem } from '../components/Problem.tsx'
import { titleOf } from './Curves.tsx'
import type { TrainModel } from './model.ts'

/** Fewer steps say nothing of the time that is left. */
const FEW = 20

const statusText = ({ status, step, opened, speed, request }: TrainModel): string => {
  const steps = opened.value?.steps ?? 0
  if (status.value === 'preparing') return 'reading images and compiling the step …'
  const done = `step ${step.value} of ${steps}`
  if (status.value !== 'training') return `${status.value}, ${done}`
  const rate = speed.value
  if (rate === undefined || step.value < FEW) return `training, ${done}`
  const left = ((steps - step.value) * request.settings.batch) / rate
  return `training, ${done}, ${rate.toFixed(0)} images/s, about ${duration(left)} left`
}

export const TrainingPanel = ({ model }: { readonly model: TrainModel }) => {
  const { status, opened, step, rows, failure, request } = model
  const last = rows.value.at(-1)
  const canSave = status.value === 'paused' || status.value === 'done'
  const save = async (kind: 'onnx' | 'safetensors'): Promise<void> =>
    download(kind === 'onnx' ? 'model.onnx' : 'model.safetensors', await model.save(kind))
  return (
    <section class="panel">
      <h2>
        {request.settings.model} {titleOf(model)}
        {last && (
          <>
            : <output>{(100 * last.testTop1).toFixed(1)} %</output> right on test images
          </>
        )}
      </h2>
      {failure.value !== undefined && <Problem error={failure.value} />}
      <p class="number">{statusText(model)}</p>
      <progress aria-label="steps done" max={opened.value?.steps ?? 1} value={step.value} />
      <p class="small faint">{opened.value?.engine}</p>
      <p class="hidden" aria-live="polite">
        {last ? `epoch ${last.epoch} ended, ${(100 * last.testTop1).toFixed(1)} percent right` : ''}
      </p>
      <div class="row">
        {status.value === 'training' && (
          <button type="button" onClick={model.pause}>
            pause
          </button>
        )}
        {status.value === 'paused' && (
          <button type="button" class="main" onClick={model.goOn}>
            go on
          </button>
        )}
        <button type="button" disabled={!canSave} onClick={() => void save('onnx')}>
          model.onnx
        </button>
        <button type="button" disabled={!canSave} onClick={() => void save('safetensors')}>
          safetensors
        </button>
        <button
          type="button"
          onClick={() => download('settings.json', JSON.stringify(request.settings, undefined, 2))}
        >
          settings
        </button>
      </div>
    </section>
  )
}
