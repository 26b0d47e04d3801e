/** The example of a service: it takes an upload and answers JSON, and says what is no image. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { service } from '../../examples/service/server.ts'
import { untrained } from '../../src/bench/workloads.ts'
import { model } from '../../src/models/registry.ts'
import { exportOnnx } from '../../src/weights/export.ts'

let folder: string
let app: Awaited<ReturnType<typeof service>>
let url: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-example-'))
  const network = join(folder, 'model.onnx')
  const serving = { softmax: true, preprocessing: true }
  await writeFile(network, exportOnnx(untrained(model('resnet8', { classes: 4 }), 16), serving))
  app = await service(network)
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})

const upload = async (body: Buffer, type = 'image/png', query = '') => {
  const headers = { 'content-type': type }
  const request = { method: 'POST', headers, body: new Uint8Array(body) }
  const response = await fetch(`${url}/classify${query}`, request)
  return { status: response.status, body: await response.json() }
}

it('answers an upload with its classes', async () => {
  const create = { width: 30, height: 20, channels: 3, background: 'teal' } as const
  const { status, body } = await upload(
    await sharp({ create }).png().toBuffer(),
    'image/png',
    '?top=2',
  )
  expect(status).toBe(200)
  expect(body).toEqual({
    model: 'resnet8',
    classes: [
      { label: expect.stringMatching(/^[0-3]$/), probability: expect.any(Number) },
      { label: expect.stringMatching(/^[0-3]$/), probability: expect.any(Number) },
    ],
  })
})

it.each([
  ['what is no image', Buffer.from('no image'), 'image/png', 415, /expected/],
  ['another type', Buffer.from('{}'), 'text/csv', 415, /Unsupported/],
])('refuses %s', async (_, bytes, type, status, message) => {
  expect(await upload(bytes, type)).toEqual({
    status,
    body: { error: expect.stringMatching(message) },
  })
})
