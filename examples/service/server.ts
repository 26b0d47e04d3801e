/**
 * A service that classifies what is uploaded: an image goes in, its classes come out as JSON.
 *
 *   npx tsx examples/service/server.ts runs/flowers        or flowers.onnx
 *   curl --data-binary @rose.jpg -H 'content-type: image/jpeg' http://127.0.0.1:8080/classify
 */

import { pathToFileURL } from 'node:url'
import fastify from 'fastify'
import { ExciteError, openClassifier } from '../../src/index.ts'

/** More than a camera's JPEG has. */
const MOST_BYTES = 30_000_000

/** @param network - a run's folder, or an ONNX file */
export const service = async (network: string) => {
  const classifier = await openClassifier(network)
  const app = fastify({ bodyLimit: MOST_BYTES })

  app.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, (_, body, done) => done(null, body))

  app.post<{ Body: Buffer; Querystring: { top?: string } }>('/classify', async request => ({
    model: classifier.card.model,
    classes: await classifier.classify(request.body, { top: Number(request.query.top ?? 3) }),
  }))

  // What cannot be decoded is the client's fault; all else is ours.
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    const status = error instanceof ExciteError && error.code === 'file' ? 415 : error.statusCode
    return reply.code(status ?? 500).send({ error: error.message })
  })

  app.addHook('onClose', () => classifier.close())
  return app
}

const [, script = '', network] = process.argv
if (network !== undefined && import.meta.url === pathToFileURL(script).href)
  console.log(await (await service(network)).listen({ port: 8080 }))
