/**
 * FiBiNET (Huang, Zhang, Zhang: FiBiNET, arXiv:1905.09433): the fields of a table as vectors, weighed by
 * squeeze and excitation over fields, and multiplied pair by pair.
 */

import type { Value } from '../graph/index.ts'
import { init, type Layer, layer, linear, parameter, tap } from '../nn/index.ts'
import {
  add,
  cast,
  concat,
  gather,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  slice,
  split,
} from '../ops/index.ts'

const RATIO = 3

/**
 * The SENET layer over [N, fields, k]: a = relu(W₂ relu(W₁ z)) of each field's mean z, without bias and
 * with two ReLUs, so that a field may be left out; v = a·e. It has 2·f·r' parameters, r' = max(1, ⌊f / ratio⌋).
 */
export const fieldExcitation = (fields: number, ratio = RATIO): Layer => {
  const hidden = Math.max(1, Math.floor(fields / ratio))
  return {
    ...layer(
      {
        fc1: linear(fields, hidden, { bias: false }),
        fc2: linear(hidden, fields, { bias: false }),
      },
      ({ fc1, fc2 }, e, mode) => {
        const gates = tap(mode, 'gate', relu(fc2(relu(fc1(reduceMean(e, [2]))))))
        return mul(e, reshape(gates, [...gates.shape, 1]))
      },
    ),
    role: 'se',
  }
}

/** Which pairs share a matrix: all of them, those of one left field, or none. */
export const INTERACTIONS = ['all', 'each', 'interaction'] as const
/** Which pairs of fields share a matrix, by name. */
export type Interaction = (typeof INTERACTIONS)[number]

/** Bilinear products (v_i W) ⊙ v_j of all pairs i < j of [N, fields, k], in their order: [N, f(f − 1)/2·k]. */
export const bilinear = (fields: number, k: number, kind: Interaction = 'interaction'): Layer => {
  const count = { all: 1, each: fields - 1, interaction: (fields * (fields - 1)) / 2 }[kind]
  return layer({ weight: parameter([count, k, k], init.torchDefault) }, ({ weight }, v) => {
    const [images] = v.shape
    const matrices = (first: number, length: number) =>
      slice(weight, [first, 0, 0], [first + length, k, k])
    let used = 0
    const products = Array.from({ length: fields - 1 }, (_, i) => {
      const others = fields - 1 - i
      const left = reshape(slice(v, [0, i, 0], [images, i + 1, k]), [images, 1, 1, k])
      const own = kind === 'interaction' ? others : 1
      const first = kind === 'all' ? 0 : kind === 'each' ? i : used
      used += others
      const turned = matmul(left, matrices(first, own))
      return mul(reshape(turned, [images, own, k]), slice(v, [0, i + 1, 0], [images, fields, k]))
    })
    const pairs = concat(products, 1)
    return reshape(pairs, [images, pairs.shape[1] * k])
  })
}

/** What a FiBiNET is told. */
export interface FibinetOptions {
  /** How many fields are numbers; they stand first. */
  readonly numbers: number
  /** How many values each of the other fields has, the one for what is missing or new among them. */
  readonly categories: readonly number[]
  /** Classes, or numbers to predict. */
  readonly outputs: number
  /** How many numbers a field's vector has; 8 unless given. */
  readonly k?: number
  /** Fields over hidden units of the excitation; 3 unless given. */
  readonly ratio?: number
  /** Which pairs share a matrix; none unless given. */
  readonly interaction?: Interaction
  /** Whether both branches multiply by the same matrices, as in DeepCTR's port to PyTorch. */
  readonly shareBilinear?: boolean
  /** The widths of the MLP; 128 and 128 unless given. */
  readonly hidden?: readonly number[]
  /** The standard deviation of the vectors as they begin; 1e-4 unless given. */
  readonly std?: number
}

/**
 * [N, fields, 1, 1] → [N, outputs]: a field is a number, or the index of a category among those of all
 * fields. Bilinear products of the vectors as they are and as they are weighed go through an MLP;
 * a linear part is added.
 */
export const fibinet = ({
  numbers,
  categories,
  outputs,
  k = 8,
  ratio,
  interaction,
  shareBilinear = false,
  hidden = [128, 128],
  std = 1e-4,
}: FibinetOptions): Layer => {
  const fields = numbers + categories.length
  const total = categories.reduce((sum, size) => sum + size, 0)
  const pairs = ((fields * (fields - 1)) / 2) * k * 2
  const widths = [pairs, ...hidden]
  const has = (count: number, of: number) =>
    count > 0 ? parameter([count, of], init.normal(std)) : undefined
  return layer(
    {
      embedding: has(total, k),
      numbers: has(numbers, k),
      linear: has(total, outputs),
      linear_numbers: has(numbers, outputs),
      senet: fieldExcitation(fields, ratio),
      bilinear: bilinear(fields, k, interaction),
      bilinear_plain: shareBilinear ? undefined : bilinear(fields, k, interaction),
      mlp: hidden.map((width, i) => linear(widths[i], width)),
      out: linear(widths[widths.length - 1], outputs, { bias: false }),
    },
    (children, x) => {
      const [images] = x.shape
      const [values, ids] = split(
        reshape(x, [images, fields]),
        [numbers, categories.length].filter(size => size > 0),
        1,
      ).reduce<[Value | undefined, Value | undefined]>(
        (found, piece, i) =>
          numbers > 0 && i === 0 ? [piece, found[1]] : [found[0], cast(piece, 'int32')],
        [undefined, undefined],
      )
      /** What each field has in a table of rows and one of factors: [N, fields, width]. */
      const looked = (table: Value | undefined, factors: Value | undefined): Value =>
        concat(
          [
            ...(values && factors ? [mul(reshape(values, [images, numbers, 1]), factors)] : []),
            ...(ids && table ? [gather(table, ids, 0)] : []),
          ],
          1,
        )
      const e = looked(children.embedding, children.numbers)
      const plain = children.bilinear_plain ?? children.bilinear
      let y = concat([children.bilinear(children.senet(e)), plain(e)], 1)
      for (const one of children.mlp) y = relu(one(y))
      return add(children.out(y), reduceSum(looked(children.linear, children.linear_numbers), [1]))
    },
  )
}
