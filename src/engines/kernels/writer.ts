/** Expressions as text: what is used twice, or changes less often than the block it is in, gets a name. */

import type { Binding, Dialect } from './dialect.ts'
import { type Expression, type Index, JOIN, START, typeOf } from './expression.ts'
import type { Kernel, Store } from './kernel.ts'
import { LANES, type Schedule } from './schedule.ts'
import { block, nameIn, newScope, remember, type Scope, scopeFor } from './scope.ts'
import { dependsOn, operandsOf, rootsOf } from './traverse.ts'

/** How often each expression is used: what is used once is written where it is. */
const countUses = (kernel: Kernel): ReadonlyMap<Expression, number> => {
  const uses = new Map<Expression, number>()
  const use = (given: Expression): void => {
    const before = uses.get(given) ?? 0
    uses.set(given, before + 1)
    if (before === 0) for (const operand of operandsOf(given)) use(operand)
  }
  for (const root of rootsOf(kernel)) use(root)
  return uses
}

/** The name of four elements at once, beside those of the lanes. */
const WIDE = -1

const hasFolded = (given: Expression): boolean =>
  given.kind === 'folded' || operandsOf(given).some(hasFolded)

/** Writes expressions into scopes. */
export const newWriter = (
  dialect: Dialect,
  kernel: Kernel,
  schedule: Schedule,
  bindings: readonly Binding[],
) => {
  const uses = countUses(kernel)
  const offsets: number[] = []
  const offsetNames = kernel.operands.map(({ offset }) =>
    offset === 0 ? undefined : dialect.offset(offsets.push(offset) - 1),
  )
  const lanesId = schedule.lanes?.id
  let names = 0
  const newName = (letter = 'v'): string => `${letter}${names++}`

  /** A whole number; a coordinate with lanes is counted from the thread's first. */
  const indexText = (scope: Scope, { constant, terms }: Index, lane: number): string => {
    let fixed = constant
    const texts: string[] = []
    for (const { of, by } of terms) {
      let text: string
      if (of.kind === 'axis') {
        if (of.axis.id === lanesId) fixed += by * lane
        text = `i${of.axis.id}`
      } else if (of.kind === 'value') text = emit(scope, of.value, lane)
      else text = `${indexText(scope, of.of, lane)} ${of.kind === 'quotient' ? '/' : '%'} ${of.by}`
      if (of.kind !== 'axis' && of.kind !== 'value') text = `(${text})`
      texts.push(by === 1 ? text : by === -1 ? `-${text}` : `${by} * ${text}`)
    }
    if (fixed !== 0 || texts.length === 0) texts.push(`${fixed}`)
    const [first, ...others] = texts
    const joined = others.reduce(
      (sum, text) => sum + (text.startsWith('-') ? ` - ${text.slice(1)}` : ` + ${text}`),
      first,
    )
    return texts.length === 1 && !joined.includes(' ') ? joined : `(${joined})`
  }

  const place = (scope: Scope, operand: number, at: Index, lane: number): string => {
    const index = indexText(scope, at, lane)
    const offset = offsetNames[operand]
    return offset === undefined ? index : `(${offset} + ${index})`
  }
  const bindingOf = (operand: number): Binding =>
    bindings.find(({ buffer }) => buffer === kernel.operands[operand].buffer) as Binding

  /** Declares something where it does not change, once for all lanes if it is the same in all. */
  const named = (
    scope: Scope,
    given: Expression,
    lane: number,
    text: (at: Scope) => string,
  ): string => {
    const own = scopeFor(scope, axis => dependsOn(given, axis))
    const name = newName()
    const value = text(own)
    own.lines.push(dialect.declare(typeOf(given), name, value))
    remember(own, given, lane, name)
    return name
  }

  const loadText = (
    scope: Scope,
    given: Extract<Expression, { kind: 'load' }>,
    lane: number,
  ): string => {
    const { name, buffer, wide } = bindingOf(given.operand)
    const { element } = buffer
    if (wide) {
      let all = nameIn(scope, given, WIDE)
      if (all === undefined) {
        const own = scopeFor(scope, axis => dependsOn(given, axis))
        all = newName('w')
        const at = place(own, given.operand, given.at, 0)
        own.lines.push(dialect.declareWide(element, all, `${name}[${at} / ${LANES}]`))
        remember(own, given, WIDE, all)
      }
      return dialect.loaded(element, `${all}.${'xyzw'[lane]}`)
    }
    const at = place(scope, given.operand, given.at, lane)
    if (element === 'uint8') return dialect.byte(`${name}[${at} / 4]`, `${at} % 4`)
    return dialect.loaded(element, `${name}[${at}]`)
  }

  const varying = new Map<Expression, boolean>()
  /** Whether something is not the same in all lanes. */
  const varies = (given: Expression): boolean => {
    if (lanesId === undefined) return false
    const known = varying.get(given)
    if (known !== undefined) return known
    const isSo = dependsOn(given, lanesId) || (!schedule.alongFold && hasFolded(given))
    varying.set(given, isSo)
    return isSo
  }
  const emit = (scope: Scope, given: Expression, wanted: number): string => {
    const lane = varies(given) ? wanted : 0
    const known = nameIn(scope, given, lane)
    if (known !== undefined) return known
    const isOnce = uses.get(given) === 1 && (lanesId === undefined || varies(given))
    switch (given.kind) {
      case 'constant':
        return dialect.constant(given.value, given.type)
      case 'folded':
        return `folded${given.index}_${lane}`
      case 'load':
        return isOnce
          ? loadText(scope, given, lane)
          : named(scope, given, lane, at => loadText(at, given, lane))
      case 'call': {
        const text = (at: Scope): string =>
          dialect.calls[given.operation](...given.of.map(one => emit(at, one, lane)))
        return isOnce ? text(scope) : named(scope, given, lane, text)
      }
      case 'guard':
        return guarded(scope, given, lane)
      case 'fold':
        return folded(scope, given, lane)
    }
  }

  const guarded = (
    scope: Scope,
    given: Extract<Expression, { kind: 'guard' }>,
    lane: number,
  ): string => {
    if (given.bounds.length === 0) return emit(scope, given.value, lane)
    const own = scopeFor(scope, axis => dependsOn(given, axis))
    const name = newName()
    const type = typeOf(given)
    const tests = given.bounds.map(({ at, low, high }) => {
      const text = indexText(own, at, lane)
      return `${text} >= ${low} && ${text} < ${high}`
    })
    const inner = newScope(own)
    const value = emit(inner, given.value, lane)
    own.lines.push(
      dialect.variable(type, name, dialect.constant(given.otherwise, type)),
      ...block(`if (${tests.join(' && ')})`, [...inner.lines, `${name} = ${value};`]),
    )
    remember(own, given, lane, name)
    return name
  }

  const folded = (
    scope: Scope,
    given: Extract<Expression, { kind: 'fold' }>,
    lane: number,
  ): string => {
    const own = scopeFor(scope, axis => dependsOn(given, axis))
    const name = newName()
    const axes = given.axes.filter(({ extent }) => extent > 1)
    const inner = newScope(
      own,
      axes.map(({ id }) => id),
    )
    const term = emit(inner, given.term, lane)
    inner.lines.push(`${name} = ${dialect.calls[JOIN[given.combine]](name, term)};`)
    const loops = axes.reduceRight(
      (lines, { id, extent }) => block(dialect.loop(`i${id}`, '0', `${extent}`, '1'), lines),
      inner.lines as readonly string[],
    )
    const start = dialect.constant(START[given.combine], typeOf(given))
    own.lines.push(dialect.variable(typeOf(given), name, start), ...loops)
    remember(own, given, lane, name)
    return name
  }

  const store = (scope: Scope, { operand, at, value }: Store): void => {
    const { name, buffer, wide } = bindingOf(operand)
    const { element } = buffer
    const count = varies(value) || (lanesId !== undefined && dependsOn(at, lanesId)) ? LANES : 1
    const values = Array.from({ length: count }, (_, lane) =>
      dialect.stored(element, emit(scope, value, lane)),
    )
    if (wide) {
      const target = place(scope, operand, at, 0)
      scope.lines.push(`${name}[${target} / ${LANES}] = ${dialect.wide(element, values)};`)
    } else
      for (const [lane, text] of values.entries())
        scope.lines.push(`${name}[${place(scope, operand, at, lane)}] = ${text};`)
  }
  return { emit, store, offsets }
}

export type Writer = ReturnType<typeof newWriter>
