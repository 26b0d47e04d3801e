/** Code of ours in another thread: the sources as they are written need a loader there, what is built does not. */

import { Worker } from 'node:worker_threads'

const WRITTEN = import.meta.url.endsWith('.ts')

/** The address of a module of ours, given without its ending, next to the module that asks. */
export const moduleUrl = (name: string, beside: string): URL =>
  new URL(`${name}.${WRITTEN ? 'ts' : 'js'}`, beside)

/** Program text that imports a module of ours, whatever it is written in. */
const importing = (url: URL): string =>
  `${WRITTEN ? "import('tsx/esm/api').then(({ register }) => register()).then(() => " : '('}import(${JSON.stringify(url.href)}))`

/** Starts a thread that runs a module of ours. */
export const startThread = (url: URL, workerData: unknown): Worker =>
  WRITTEN ? new Worker(importing(url), { eval: true, workerData }) : new Worker(url, { workerData })
