/**
 * The seam between the language of kernels and the engines: a graph becomes a list of steps over
 * buffers (`group.ts`). An engine gives each buffer memory, renders each kernel in its language
 * (`wgsl.ts`, `cuda.ts`), does library steps by itself, and runs the steps in order.
 */

import type { Node } from '../../graph/index.ts'
import type { Axis, Combine, Expression, Index } from './expression.ts'
import type { KernelBuffer, Placement } from './placement.ts'

/** A tensor that a kernel reads or writes: a buffer from an offset on. */
export interface Operand {
  readonly buffer: KernelBuffer
  /** In elements. Kept out of the text of a kernel, so that layers of one shape share one. */
  readonly offset: number
}

/** Writes an expression to element `at` of an operand. */
export interface Store {
  readonly operand: number
  readonly at: Index
  readonly value: Expression
}

/** A fold that all threads of a group share in, over axes of its own besides the kernel's. */
export interface SharedFold {
  /** Outermost first. */
  readonly axes: readonly Axis[]
  /** An axis of the kernel: each of its coordinates folds its part of the whole, in order. */
  readonly part?: Axis | undefined
  readonly results: readonly { readonly combine: Combine; readonly term: Expression }[]
  /** What is written for every coordinate of the fold on the way. */
  readonly stores: readonly Store[]
}

/**
 * For every coordinate of its axes, a kernel computes its folds, then its stores. Without a fold it
 * is a map: one thread an element. Which thread does what is the schedule's business.
 */
export interface Kernel {
  /** The operations that it computes, for people. */
  readonly name: string
  /** Outermost first, in the order of the memory that is written. */
  readonly axes: readonly Axis[]
  readonly operands: readonly Operand[]
  readonly fold?: SharedFold | undefined
  readonly stores: readonly Store[]
}

/** A kernel that was generated for some nodes. */
export interface KernelStep {
  readonly kind: 'kernel'
  readonly kernel: Kernel
  /** The nodes that it computes, in the graph's order. */
  readonly nodes: readonly Node[]
}

/** The operations that engines do by templates or libraries of their own. */
export const LIBRARY = [
  'convolution',
  'convolutionInputGradient',
  'convolutionWeightGradient',
  'matmul',
] as const

/** One node that the engine computes by itself; a convolution's bias has been taken out of it. */
export interface LibraryStep {
  readonly kind: 'library'
  readonly node: Node
  /** Where the node's inputs lie: any offset, any strides, 0 for stretched axes of a matmul's batch. */
  readonly inputs: readonly Placement[]
  readonly output: Placement
}

export type Step = KernelStep | LibraryStep

/** A graph as steps over buffers. */
export interface KernelProgram {
  /** In an order of execution: each reads what steps before it wrote. */
  readonly steps: readonly Step[]
  readonly buffers: readonly KernelBuffer[]
  /** Where the graph's outputs lie, by name: row-major, each in a buffer of its own unless it is an input. */
  readonly outputs: Readonly<Record<string, Placement>>
  /** Where the graph's inputs lie, by name: row-major at offset 0. */
  readonly inputs: Readonly<Record<string, Placement>>
}

/** How a graph becomes kernels. */
export interface GroupOptions {
  /** Whether [N, C, H, W] of the engine's own lie with the channels innermost. */
  readonly channelsLast?: boolean | undefined
  /** How many buffers a kernel may use; WebGPU promises 8. */
  readonly maxBuffers?: number | undefined
  /** How many groups of threads keep the device busy: a fold with fewer results is done in two passes. */
  readonly groupsWanted?: number | undefined
}

/** A kernel in a language, and how it is launched. */
export interface Rendered {
  /** The text; kernels that differ in offsets alone have the same one. */
  readonly source: string
  /** The kernel's buffers in the order of their bindings: `@binding(i)`, or the i-th argument. */
  readonly bindings: readonly { readonly buffer: KernelBuffer; readonly writes: boolean }[]
  /** The operands' offsets, in 32-bit integers: the uniform binding after the buffers'; none if empty. */
  readonly offsets: readonly number[]
  /** How many groups of threads to launch. */
  readonly groups: readonly [number, number, number]
  readonly groupSize: readonly [number, number, number]
  /** Whether threads of a group wait for each other: SwiftShader runs one such kernel at a time. */
  readonly hasBarriers: boolean
}
