/** Code of ours in another thread or process: the sources as they are written need a loader there, what is built does not. */

import { Worker } from 'node:worker_threads'

const WRITTEN = import.meta.url.endsWith('.ts')

/** The address of a module of ours, given without its ending, next to the module that asks. */
export const moduleUrl = (name: string, beside: string): URL =>
  new URL(`${name}.${WRITTEN ? 'ts' : 'js'}`, beside)

/** What Node is told before it runs a module of ours in another process. */
export const loaderArguments: readonly string[] = WRITTEN
  ? ['--import', import.meta.resolve('tsx')]
  : []

/** Starts a thread that runs a module of ours. */
export const startThread = (url: URL): Worker => {
  if (!WRITTEN) return new Worker(url)
  const load = `import('tsx/esm/api').then(({ register }) => {
    register()
    return import(${JSON.stringify(url.href)})
  })`
  return new Worker(load, { eval: true })
}
