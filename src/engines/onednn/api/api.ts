/**
 * What oneDNN's two C APIs do each in its own way: describe memory, and make primitive descriptors.
 * Nothing above this folder knows which version it runs on.
 */

import type { Versioned } from '../constants.ts'
import type { Argument, Handle } from '../library.ts'

/** A memory descriptor: the bytes of its struct in version 2, its address in version 3. */
export type Reference = Uint8Array | Handle

/** What a memory descriptor says. */
export interface Layout {
  readonly dims: readonly number[]
  readonly type: number
  /** Neither left open nor the library's secret; only then does the rest mean something. */
  readonly blocked: boolean
  readonly padded: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
  /** The innermost blocks, from the outermost of them. */
  readonly blocks: readonly { readonly axis: number; readonly size: number }[]
}

type Dims = BigInt64Array

/** Where a convolution's kernel goes: dilations count from 0. */
export type Sliding = readonly [strides: Dims, dilations: Dims, begins: Dims, ends: Dims]

/** Where a pooling's window goes: dilations count from 0. */
export type Pooling = readonly [
  strides: Dims,
  kernel: Dims,
  dilations: Dims,
  begins: Dims,
  ends: Dims,
]

/** Every primitive that we make, and what it is made from; D describes memory. */
export interface Operations<D> {
  convolutionForward: readonly [
    prop: number,
    algorithm: number,
    x: D,
    weights: D,
    bias: D | undefined,
    y: D,
    ...Sliding,
  ]
  convolutionBackwardData: readonly [algorithm: number, dx: D, weights: D, dy: D, ...Sliding]
  convolutionBackwardWeights: readonly [
    algorithm: number,
    x: D,
    dWeights: D,
    dBias: D | undefined,
    dy: D,
    ...Sliding,
  ]
  poolingForward: readonly [prop: number, algorithm: number, x: D, y: D, ...Pooling]
  poolingBackward: readonly [algorithm: number, dx: D, dy: D, ...Pooling]
  eltwiseForward: readonly [prop: number, algorithm: Versioned, x: D, alpha: number, beta: number]
  eltwiseBackward: readonly [algorithm: Versioned, dy: D, data: D, alpha: number, beta: number]
  binary: readonly [algorithm: number, a: D, b: D, y: D]
  batchNormalizationForward: readonly [prop: number, x: D, epsilon: number, flags: Flags]
  batchNormalizationBackward: readonly [prop: number, dx: D, x: D, epsilon: number, flags: Flags]
  matmul: readonly [a: D, b: D, bias: D | undefined, y: D]
  reduction: readonly [algorithm: number, x: D, y: D, power: number, epsilon: number]
  softmaxForward: readonly [prop: number, x: D, axis: number]
  logSoftmaxForward: readonly [prop: number, x: D, axis: number]
  resamplingForward: readonly [prop: number, algorithm: number, factors: null, x: D, y: D]
}

/** Flags that hold together. */
export type Flags = readonly Versioned[]

export type Kind = keyof Operations<Reference>

/** What a primitive descriptor is made with besides its own values. */
export interface Making {
  readonly where: string
  readonly engine: Handle
  readonly attributes: Handle
  /** The forward primitive descriptor, for a backward one; 0 otherwise. */
  readonly hint: Handle
}

export interface Api {
  /** This version's of the numbers that the two have. */
  number(versioned: Versioned): number
  strided(dims: Dims, type: number, strides: Dims): Reference
  tagged(dims: Dims, type: number, tag: number): Reference
  /** A descriptor that belongs to the library, at this address. */
  borrowed(address: Handle): Reference
  layout(reference: Reference): Layout
  /** Gives back what `strided` or `tagged` made. */
  release(reference: Reference): void
  /** Whether a primitive that was offered an argument wants it. */
  takes(kind: Kind, argument: number): boolean
  appendEltwise(where: string, chain: Handle, algorithm: number, ...values: [number, number]): void
  describe(kind: Kind, values: readonly Argument[], making: Making): Handle
}
