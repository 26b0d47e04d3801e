/** What a language of kernels differs in: the spelling. */

import type { Operation, Type } from './expression.ts'

import type { Element, KernelBuffer } from './placement.ts'

/** A buffer as it is bound. */
export interface Binding {
  readonly buffer: KernelBuffer
  /** Its name in the text. */
  readonly name: string
  readonly writes: boolean
  /** Whether four elements are one of the binding's. */
  readonly wide: boolean
}

/** What the text around a kernel's statements is made of. */
export interface Frame {
  readonly name: string
  readonly bindings: readonly Binding[]
  /** How many operands have offsets that the text does not say. */
  readonly offsets: number
  readonly groupSize: number
  /** Memory that the threads of a group share. */
  readonly shared: readonly { readonly name: string; readonly type: Type; readonly size: number }[]
  readonly body: readonly string[]
}

export interface Dialect {
  readonly calls: Readonly<Record<Operation, (...operands: string[]) => string>>
  readonly types: Readonly<Record<Type, string>>
  constant(value: number, type: Type): string
  /** Declares what does not change any more. */
  declare(type: Type, name: string, value: string): string
  variable(type: Type, name: string, value: string): string
  /** The head of a loop over whole numbers. */
  loop(name: string, from: string, below: string, by: string): string
  readonly barrier: string
  /** The number of this thread in its group, and of its group. */
  readonly thread: string
  readonly group: string
  offset(index: number): string
  /** An element as it is in memory, as a type. */
  loaded(element: Element, text: string): string
  /** A byte of a word of four, the lowest first. */
  byte(word: string, place: string): string
  stored(element: Element, text: string): string
  /** Declares four elements loaded at once; they are `name.x` to `name.w`. */
  declareWide(element: Element, name: string, text: string): string
  wide(element: Element, lanes: readonly string[]): string
  frame(frame: Frame): string
}
