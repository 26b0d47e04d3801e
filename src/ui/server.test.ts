/** Runs over HTTP: listed, followed as they change, stopped, resumed, exported and deleted. */

import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { holderIn } from '../runs/lock.ts'
import type { LiveMessage, RunDetails, RunList, RunSummary } from './protocol.ts'
import type { Ui } from './server.ts'
import { openTestUi, stepLine, trainer, writeRun } from './ui.testing.ts'

let ui: Ui & { root: string }
const open = async (program = ''): Promise<void> => {
  ui = await openTestUi({ excite: [process.execPath, '-e', program, '--'] })
}
beforeEach(() => open())
afterEach(async () => {
  await ui.close()
  await rm(dirname(ui.root), { recursive: true })
})

const ask = (path: string, method = 'GET', body?: object): Promise<Response> =>
  fetch(`http://127.0.0.1:${ui.port}/api/${path}`, {
    method,
    headers: {
      ...{ authorization: `Excite ${ui.token}`, 'content-type': 'application/json' },
      origin: `http://127.0.0.1:${ui.port}`,
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
const list = async (): Promise<readonly RunSummary[]> =>
  ((await (await ask('runs')).json()) as RunList).runs
const only = async (): Promise<RunSummary> => (await list())[0]

it('lists runs, of studies too, and says where each stands', async () => {
  await writeRun(ui.root, 'b-finished', 300)
  await writeRun(ui.root, 'a-stopped', 250)
  await writeRun(join(ui.root, 'study'), 'c-died', 50)
  await writeFile(join(ui.root, 'study/c-died/run.lock'), '{"host":"x"}')
  await mkdir(join(ui.root, 'd-broken'))
  await writeFile(join(ui.root, 'd-broken/config.json'), '{')
  const runs = await list()
  expect(runs.map(({ name, state, epoch, step }) => [name, state, epoch, step])).toEqual([
    ['a-stopped', 'stopped', 2, 250],
    ['b-finished', 'finished', 3, 300],
    ['d-broken', 'unreadable', 0, undefined],
    ['study/c-died', 'died', 0, 50],
  ])
  expect(runs[0].best).toEqual({ epoch: 2, metric: 'top1', value: 0.7, images: 50 })
  const details = (await (await ask(`runs/${runs[0].id}`)).json()) as RunDetails
  expect(details).toMatchObject({ config: { data: 'shapes' }, files: ['config.json'] })
  expect(details.history).toHaveLength(2)
})

it('tells of a step within a second, of a run that went, and only of what is new', async () => {
  const folder = await writeRun(ui.root, 'live', 150)
  const { child, ended } = await trainer(folder)
  const response = await ask('live')
  const messages: LiveMessage[] = []
  const reading = (async () => {
    let text = ''
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk)
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      messages.push(...lines.map(line => JSON.parse(line) as LiveMessage))
    }
  })().catch(() => {})
  const runs = () => messages.flatMap(one => (one.kind === 'run' ? [one.run] : []))
  await expect.poll(runs).toMatchObject([{ state: 'running', step: 150 }])
  expect(runs()[0].secondsLeft).toBeCloseTo(1.5)
  expect(runs()[0].imagesPerSecond).toBeCloseTo(1000)
  const before = performance.now()
  await appendFile(join(folder, 'steps.jsonl'), `${stepLine(151)}{"step":152,`)
  await expect.poll(() => runs().at(-1)?.step, { interval: 10 }).toBe(151)
  expect(performance.now() - before).toBeLessThan(3000)
  child.kill('SIGKILL')
  await ended
  await expect.poll(() => runs().at(-1)?.state, { timeout: 3000 }).toBe('died')
  await rm(folder, { recursive: true })
  await expect
    .poll(() => messages.some(({ kind }) => kind === 'gone'), { timeout: 3000 })
    .toBe(true)
  const { version } = messages[messages.length - 1] as { version: number }
  await writeRun(ui.root, 'new', 10)
  const again = (await ask(`live?since=${version}`)).body?.getReader()
  const first = new TextDecoder().decode((await again?.read())?.value)
  const second = first.includes('"run"')
    ? ''
    : new TextDecoder().decode((await again?.read())?.value)
  expect(first + second).toContain('"name":"new"')
  await again?.cancel()
  await ui.close()
  await reading
})

it('gives a curve as numbers, and goes on where it was', async () => {
  const folder = await writeRun(ui.root, 'run', 100)
  const { id } = await only()
  const curve = async () => {
    const response = await ask(`runs/${id}/curve?y=loss&x=step&width=50`)
    return new Float32Array(await response.arrayBuffer())
  }
  expect((await curve())[0]).toBe(100)
  await appendFile(join(folder, 'steps.jsonl'), stepLine(101))
  expect((await curve()).slice(0, 3)).toEqual(Float32Array.of(101, 1, 101))
  await writeRun(ui.root, 'run', 30)
  expect((await curve())[0]).toBe(30)
})

it('stops a run once: it saves, and is not hurried', async () => {
  const folder = await writeRun(ui.root, 'run')
  const { ended } = await trainer(folder)
  const { id } = await only()
  expect((await ask(`runs/${id}/stop`, 'POST', {})).status).toBe(200)
  expect((await ask(`runs/${id}/stop`, 'POST', {})).status).toBe(200)
  expect(await only()).toMatchObject({ state: 'running', stopping: true })
  expect(await ended).toBe(1)
  expect((await only()).state).toBe('stopped')
  const refused = await ask(`runs/${id}/stop`, 'POST', {})
  expect(refused.status).toBe(409)
  expect(await refused.json()).toMatchObject({ message: expect.stringContaining('nobody trains') })
})

it('resumes by the command, and says why that failed', async () => {
  await ui.close()
  await rm(dirname(ui.root), { recursive: true })
  await open(
    "console.error('excite: expected ' + process.argv.slice(1).join(' ')); process.exit(2)",
  )
  const folder = await writeRun(ui.root, 'run')
  const { id } = await only()
  expect((await ask(`runs/${id}/resume`, 'POST', {})).status).toBe(200)
  await expect
    .poll(async () => (await only()).problem)
    .toBe(`excite: expected train --resume ${folder}`)
  await writeRun(ui.root, 'run', 300)
  await expect.poll(async () => (await only()).state).toBe('finished')
  expect((await ask(`runs/${id}/resume`, 'POST', {})).status).toBe(409)
})

it('deletes by name alone, and nothing that is trained', async () => {
  const folder = await writeRun(ui.root, 'run')
  const { id } = await only()
  expect((await ask(`runs/${id}`, 'DELETE', { name: 'other' })).status).toBe(409)
  const { child, ended } = await trainer(folder)
  expect((await ask(`runs/${id}`, 'DELETE', { name: 'run' })).status).toBe(409)
  child.kill('SIGKILL')
  await ended
  expect((await ask(`runs/${id}`, 'DELETE', { name: 'run' })).status).toBe(200)
  expect(await list()).toEqual([])
  expect(await readdir(ui.root)).toEqual([])
  expect((await ask(`runs/${id}`)).status).toBe(404)
})

it('lists 200 runs within 100 ms, once it has read them', async () => {
  for (let i = 0; i < 200; i++) await writeRun(ui.root, `run-${i}`, 20)
  expect(await list()).toHaveLength(200)
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const before = performance.now()
    await list()
    times.push(performance.now() - before)
  }
  expect(Math.min(...times)).toBeLessThan(100)
})

it('takes no foreign process for that of a lock', () => {
  const holder = { host: 'elsewhere', pid: 1, since: '' }
  expect(holderIn('/x', JSON.stringify(holder))).toEqual(holder)
  expect(holderIn('/x', '{')).toBeUndefined()
})
