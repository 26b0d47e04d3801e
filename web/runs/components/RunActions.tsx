/** What can be done with a run, as far as it stands: stop, resume, export, download, delete. */

import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { shellWord } from '../../../src/text/shell.ts'
import type { RunDetails, RunSummary } from '../../../src/ui/protocol.ts'
import { Problem } from '../../components/Problem.tsx'
import { goTo } from '../../frame/address.ts'
import { named } from '../format.ts'
import { act, deleteRun, download } from '../models/server.ts'

interface Props {
  readonly run: RunSummary
  readonly details: RunDetails | undefined
}

const Delete = ({ run, onDelete }: { readonly run: RunSummary; onDelete(): void }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const close = () => dialog.current?.close()
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Delete …
      </button>
      <dialog ref={dialog} aria-labelledby="delete-title">
        <h2 id="delete-title">Delete this run?</h2>
        <p>
          <b class="name">{named(run.name)}</b> goes with its checkpoints and weights, and cannot be
          brought back.
        </p>
        <div class="row">
          <button type="button" onClick={close}>
            Keep it
          </button>
          <button
            type="button"
            class="main wrong"
            onClick={() => {
              close()
              onDelete()
            }}
          >
            Delete for good
          </button>
        </div>
      </dialog>
    </>
  )
}

export const RunActions = ({ run, details }: Props) => {
  const busy = useSignal('')
  const failure = useSignal<unknown>(undefined)
  const doing = async (what: string, work: () => Promise<void>): Promise<void> => {
    busy.value = what
    failure.value = undefined
    await work().catch((error: unknown) => {
      failure.value = error
    })
    busy.value = ''
  }
  const { id, name, state, epoch } = run
  const path = details?.path ?? name
  const files = details?.files ?? []
  const isRunning = state === 'running'
  const canGoOn = state === 'stopped' || state === 'died'
  const isOther = run.problem?.includes('--resume-compatible') ?? false
  const command = `excite train --resume ${shellWord(path)}`
  return (
    <section aria-label="Actions">
      <div class="row">
        {isRunning && (
          <button
            type="button"
            class="main"
            disabled={run.stopping || busy.value !== ''}
            onClick={() => doing('stopping', () => act(id, 'stop'))}
          >
            {run.stopping ? 'Stops after this step' : 'Save and stop'}
          </button>
        )}
        {canGoOn && (
          <button
            type="button"
            class="main"
            disabled={busy.value !== ''}
            onClick={() => doing('resuming', () => act(id, 'resume'))}
          >
            Resume
          </button>
        )}
        {canGoOn && isOther && (
          <button
            type="button"
            onClick={() => doing('resuming', () => act(id, 'resume', { compatible: true }))}
          >
            Resume within rounding
          </button>
        )}
        {epoch > 0 && (
          <button
            type="button"
            disabled={busy.value !== '' || isRunning}
            title="Written from the best epoch and checked; where it is there, downloaded as it is"
            onClick={() =>
              doing('exporting', async () => {
                if (!files.includes('model.onnx')) await act(id, 'export')
                await download(id, 'model.onnx')
              })
            }
          >
            {busy.value === 'exporting' ? 'Exporting …' : 'Export model.onnx'}
          </button>
        )}
        {files
          .filter(file => file !== 'model.onnx')
          .map(file => (
            <button
              key={file}
              type="button"
              onClick={() => doing('download', () => download(id, file))}
            >
              {file}
            </button>
          ))}
        {!isRunning && (
          <Delete
            run={run}
            onDelete={() =>
              doing('deleting', async () => {
                await deleteRun(id, name)
                goTo({ path: 'runs', query: {} })
              })
            }
          />
        )}
      </div>
      {failure.value !== undefined && <Problem error={failure.value} />}
      {run.problem !== undefined && <Problem error={run.problem} />}
      {canGoOn && (
        <p class="small faint">
          By hand: <code>{named(command)}</code>{' '}
          <button
            type="button"
            class="quiet"
            onClick={() => navigator.clipboard.writeText(command)}
          >
            Copy command
          </button>
        </p>
      )}
    </section>
  )
}
