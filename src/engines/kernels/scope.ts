/** Statements of a kernel's text as they come about: what is used twice is named, where it does not change. */

import type { Expression } from './expression.ts'

/** A block of statements: the kernel's, a loop's, or what is done on a condition. */
export interface Scope {
  readonly parent?: Scope | undefined
  readonly lines: string[]
  /** Names of what was computed here, by lane. */
  readonly names: Map<Expression, Map<number, string>>
  /** The axes that a loop goes over; what depends on none of them is computed before it. */
  readonly loop?: readonly number[] | undefined
}

export const newScope = (parent?: Scope, loop?: readonly number[]): Scope => ({
  parent,
  lines: [],
  names: new Map(),
  loop,
})

/** The name of something that was computed before, here or around. */
export const nameIn = (
  scope: Scope | undefined,
  given: Expression,
  lane: number,
): string | undefined =>
  scope && (scope.names.get(given)?.get(lane) ?? nameIn(scope.parent, given, lane))

export const remember = (scope: Scope, given: Expression, lane: number, name: string): void => {
  scope.names.set(given, (scope.names.get(given) ?? new Map()).set(lane, name))
}

/** The outermost scope around in which something is the same as here. */
export const scopeFor = (scope: Scope, depends: (axis: number) => boolean): Scope =>
  scope.loop !== undefined && scope.parent !== undefined && !scope.loop.some(depends)
    ? scopeFor(scope.parent, depends)
    : scope

/** A block of lines under a head. */
export const block = (head: string, lines: readonly string[]): string[] => [
  `${head} {`,
  ...lines.map(line => `  ${line}`),
  '}',
]
