/** A trained network made ready to be looked into: what it says, what its attention does, where it looks. */

import { gradients } from '../../src/autodiff/index.ts'
import { normalized } from '../../src/data/augment/augment.ts'
import type { Compiled, Engine } from '../../src/engines/engine.ts'
import { graph, input } from '../../src/graph/index.ts'
import { bypass, tapsOf } from '../../src/inspect/attentionTaps.ts'
import { excitationOf, type Gated } from '../../src/inspect/excitation.ts'
import { stageMaps } from '../../src/inspect/maps.ts'
import { observe } from '../../src/inspect/observe.ts'
import { mul, oneHot, reduceMean, reduceSum, relu } from '../../src/ops/index.ts'
import { foldBatchNorm } from '../../src/passes/foldBatchNorm.ts'
import { largest } from '../../src/stats/moments.ts'
import { softmax } from '../../src/tensor/probabilities.ts'
import type { Trained } from '../../src/weights/trained.ts'

/** What there is to know of a network before any picture. */
export interface NetworkInfo {
  readonly name: string
  readonly classes: readonly string[]
  /** What it takes: [channels, height, width]. */
  readonly shape: readonly [number, number, number]
  readonly blocks: readonly Gated[]
  /** Whether its blocks can be switched off. */
  readonly canSwitch: boolean
  /** Where it is known. */
  readonly parameters?: number | undefined
}

/** A square of numbers from 0 to 1, where 1 is its own maximum. */
export interface Heat {
  readonly height: number
  readonly width: number
  readonly values: readonly number[]
}

/** What a network makes of one picture. */
export interface Look {
  readonly probabilities: readonly number[]
  /** By block: a number for each channel. */
  readonly gates: readonly (readonly number[])[]
  /** Grad-CAM of the class that the network says, where its maps are left. */
  readonly heat?: Heat | undefined
}

export interface Looker {
  readonly info: NetworkInfo
  /**
   * @param pixels - planar, 0 to 255, of the network's shape
   * @param off - the paths of blocks whose attention is to do nothing
   */
  look(pixels: Uint8Array, off?: readonly string[]): Promise<Look>
  close(): Promise<void>
}

const heatOf = (data: ArrayLike<number>, [, height, width]: readonly number[]): Heat => {
  const values = Array.from(data)
  const most = Math.max(...values)
  return { height, width, values: values.map(value => (most > 0 ? value / most : 0)) }
}

export const openNetwork = (trained: Trained, engine: Engine): Looker => {
  const { card, model, tensors } = trained
  const shape = [card.channels, card.height, card.width] as const
  const intact = observe(model, 1, [card.height, card.width])
  const taps = tapsOf(intact)

  const compile = async (off: readonly string[]): Promise<Compiled> => {
    const without = bypass(taps.filter(({ path }) => off.includes(path)))
    const observed = observe(model, 1, [card.height, card.width], without)
    const { logits } = observed.outputs
    const last = stageMaps(observed).at(-1)?.value
    const target = input('target', [1], 'int32')
    const score = reduceSum(mul(oneHot(target, card.classes.length), logits))
    const cam = (): { cam: ReturnType<typeof relu> } | undefined => {
      if (last === undefined) return undefined
      const [slope] = gradients(score, [last])
      const weights = reduceMean(slope, [2, 3], { keepDims: true })
      return { cam: relu(reduceSum(mul(weights, last), [1])) }
    }
    const values = { logits, ...excitationOf(observed, card.classes).values, ...cam() }
    const folded = foldBatchNorm(graph(values), tensors)
    return engine.compile(folded.graph, { constants: folded.tensors })
  }

  const variants = new Map<string, Promise<Compiled>>()
  const variant = (off: readonly string[]): Promise<Compiled> => {
    const key = off.join()
    const known = variants.get(key) ?? compile(off)
    variants.set(key, known)
    return known
  }
  const blocks = excitationOf(intact, card.classes)
    .result()
    .map(({ path, kind, block, stage, channels, branches }) => ({
      ...{ path, kind, block, stage, channels, branches },
    }))
  let said = 0

  return {
    info: {
      name: card.model,
      classes: card.classes,
      shape,
      blocks,
      canSwitch: true,
      parameters: [...tensors.values()].reduce((sum, { length }) => sum + length, 0),
    },
    look: async (pixels, off = []) => {
      const compiled = await variant(off)
      const images = { shape: [1, ...shape], data: normalized(pixels, shape, card) }
      const run = () => compiled.run({ images, target: { shape: [1], data: Int32Array.of(said) } })
      let outputs = await run()
      const answer = largest(outputs.logits.data)
      if (answer !== said) {
        said = answer
        outputs = await run()
      }
      const { logits, cam } = outputs
      return {
        probabilities: softmax(logits.data),
        gates: blocks.map(({ path }) => Array.from(outputs[`excitation ${path}`].data)),
        heat: cam && heatOf(cam.data, cam.shape),
      }
    },
    close: async () => {
      for (const compiled of variants.values()) await (await compiled).dispose()
    },
  }
}
