/** The worker of "Look inside": paints scenes, and looks into one network. */

import { center } from '../../src/data/image.ts'
import { loopsEngine } from '../../src/engines/loops/engine.ts'
import { openPageImage } from '../../src/page/image.ts'
import { average } from '../../src/stats/moments.ts'
import { readTrained } from '../../src/weights/trained.ts'
import { answerCalls, type Call } from '../frame/channel.ts'
import { type Look, type Looker, openNetwork } from './network.ts'
import { paintScene, SCALES, type Scene } from './scene.ts'

/** A scene to be painted, or what a canvas can draw. */
export type Picture =
  | { readonly kind: 'scene'; readonly scene: Scene }
  | { readonly kind: 'image'; readonly image: ImageBitmap | Blob }

interface Question {
  readonly picture: Picture
  /** The paths of blocks whose attention does nothing. */
  readonly off: readonly string[]
}

export interface Answer extends Look {
  /** What the network saw: planar, 0 to 255. */
  readonly pixels: Uint8Array
  readonly milliseconds: number
}

let looker: Looker | undefined

const opened = (): Looker => {
  if (looker === undefined) throw new TypeError('no network is open')
  return looker
}

const pixelsOf = async (picture: Picture): Promise<Uint8Array> => {
  const { shape } = opened().info
  if (picture.kind === 'scene') return paintScene(picture.scene, shape[1])
  const { image } = picture
  const open = await openPageImage(image)
  if (image instanceof ImageBitmap) image.close()
  return open.read(center(open, [...shape]), [...shape])
}

/** Ours as safetensors, or an ONNX file, which ONNX Runtime runs. */
const openFile = async (bytes: Uint8Array, file: string): Promise<Looker> => {
  if (!/\.onnx$/i.test(file)) return openNetwork(readTrained(bytes, file), loopsEngine)
  const [runtime, { openForeign }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('./foreign.ts'),
  ])
  runtime.env.wasm.numThreads = 1
  return openForeign(bytes, file, runtime)
}

const methods = {
  /** Opens the network of a file, in place of the one before. */
  open: async ({ bytes, file }: { bytes: Uint8Array; file: string }) => {
    const next = await openFile(bytes, file)
    await looker?.close()
    looker = next
    return next.info
  },
  look: async ({ picture, off }: Question): Promise<Answer> => {
    const began = performance.now()
    const pixels = await pixelsOf(picture)
    const look = await opened().look(pixels, off)
    return { ...look, pixels, milliseconds: performance.now() - began }
  },
  /** What each block does on average over its channels, at every scale of a scene. */
  sweep: async (
    { scene, off }: { scene: Scene; off: readonly string[] },
    { signal }: Call,
  ): Promise<readonly (readonly number[])[] | undefined> => {
    const { info, look } = opened()
    const found: number[][] = []
    for (const scale of SCALES) {
      const { gates } = await look(paintScene({ ...scene, scale }, info.shape[1]), off)
      found.push(gates.map(average))
      // Lets a newer question go first.
      await new Promise(resolve => setTimeout(resolve))
      if (signal.aborted) return undefined
    }
    return found
  },
}
export type InsideWorker = typeof methods

answerCalls(methods)
