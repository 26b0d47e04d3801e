/** Runs a foreign model in a child process, within limits of time and memory. */

import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { EngineError } from '../errors/index.ts'
import { loaderArguments, moduleUrl } from '../platform/node/child.ts'
import { visible } from '../text/visible.ts'
import type { Answer, Request } from './child.ts'
import type { InputTensor } from './inputs.ts'
import type { Found } from './perImage.ts'

export interface RunnerOptions {
  /** Values to answer with. */
  readonly outputs: readonly string[]
  readonly threads?: number | undefined
  /** For opening the model, and for each batch. */
  readonly seconds: number
  /** That the child may take, in bytes. */
  readonly memory: number
}

export interface Runner {
  /** @throws EngineError when the model fails, crashes, or takes too long */
  run(inputs: Readonly<Record<string, InputTensor>>): Promise<Readonly<Record<string, Found>>>
  close(): void
}

/** Kept of what the child wrote, to be told if it crashes. */
const KEPT_LINES = 5

const start = (): ChildProcess => {
  // Nothing of ours is in its environment: it needs none of it.
  const env = process.env.SystemRoot ? { SystemRoot: process.env.SystemRoot } : {}
  return fork(moduleUrl('./child', import.meta.url), {
    execArgv: [...loaderArguments],
    env,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

/** Of a message, which may quote names out of the model. */
const LONGEST = 500

const failure = (file: string, got: string, hint: string): EngineError =>
  new EngineError({
    where: file,
    expected: 'ONNX Runtime to run the model',
    got: visible(got, LONGEST),
    hint,
  })

/**
 * Opens a model in a process of its own.
 * @param file - its name, for messages
 * @param begin - how that process is started
 * @throws EngineError when ONNX Runtime cannot load it, crashes, or takes too long
 */
export const openRunner = async (
  bytes: Uint8Array,
  file: string,
  { outputs, threads, seconds, memory }: RunnerOptions,
  begin: () => ChildProcess = start,
): Promise<Runner> => {
  const child = begin()
  const last: string[] = []
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', line => {
      last.push(line)
      if (last.length > KEPT_LINES) last.shift()
    })
  const ask = (request: Request): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        end()
      }
      const fail = (got: string, hint: string): void =>
        settle(() => {
          child.kill('SIGKILL')
          reject(failure(file, got, hint))
        })
      const timer = setTimeout(
        () => fail(`nothing in ${seconds} s`, 'If it is only slow, raise `seconds`'),
        1000 * seconds,
      )
      child.on('message', (answer: Answer) => settle(() => resolve(answer)))
      child.on('error', error => fail(error.message, 'The process for it did not start'))
      // Close, and not exit: its last words have been read by then.
      child.on('close', (code, signal) => {
        const words = last.join(' ').trim()
        fail(
          `a crash (${[signal ?? `exit code ${code}`, words].filter(text => text !== '').join(': ')})`,
          'The crash was in a process of its own; the model, or ONNX Runtime, is at fault',
        )
      })
      child.send(request, error => {
        if (error) fail(error.message, 'The process for it has ended')
      })
    })
  const answered = async (request: Request): Promise<Exclude<Answer, { failed: string }>> => {
    const answer = await ask(request)
    if (!('failed' in answer)) return answer
    child.kill('SIGKILL')
    throw failure(file, answer.failed, 'The model, or the images that it was given, do not fit')
  }
  await answered({ kind: 'open', bytes, outputs, threads, memory })
  return {
    run: async inputs => {
      const answer = await answered({ kind: 'run', inputs })
      return 'values' in answer ? answer.values : {}
    },
    close: () => {
      child.removeAllListeners()
      child.kill('SIGKILL')
    },
  }
}
