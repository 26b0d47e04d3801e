/** The text of a kernel in a language, and how it is launched. */

import type { Binding, Dialect } from './dialect.ts'
import { type Axis, type Combine, JOIN, START, type Type } from './expression.ts'
import type { Kernel, Rendered } from './kernel.ts'
import { countOf, GROUP_SIZE, LANES, type Schedule, scheduleOf } from './schedule.ts'
import { block, newScope } from './scope.ts'
import { storesOf } from './traverse.ts'
import { newWriter, type Writer } from './writer.ts'

/** WebGPU launches so many groups along an axis. */
const MOST_GROUPS = 65535

const bindingsOf = ({ operands, ...kernel }: Kernel, { wide }: Schedule): Binding[] => {
  const written = new Set(
    storesOf({ operands, ...kernel }).map(store => operands[store.operand].buffer),
  )
  const bindings: Binding[] = []
  for (const [i, { buffer }] of operands.entries())
    if (!bindings.some(binding => binding.buffer === buffer))
      bindings.push({
        buffer,
        name: `b${bindings.length}`,
        writes: written.has(buffer),
        wide: wide.has(i),
      })
  return bindings
}

/** Coordinates of axes from the number of an element; with lanes, of the first of four. */
const decode = (
  dialect: Dialect,
  axes: readonly Axis[],
  from: string,
  { lanes }: Schedule,
): string[] => {
  let inner = 1
  return axes
    .toReversed()
    .map(axis => {
      const isLaned = axis.id === lanes?.id
      const extent = isLaned ? axis.extent / LANES : axis.extent
      const outer = inner === 1 ? from : `${from} / ${inner}`
      inner *= extent
      const text = axis === axes[0] ? outer : `(${outer}) % ${extent}`
      return dialect.declare('int', `i${axis.id}`, isLaned ? `(${text}) * ${LANES}` : text)
    })
    .toReversed()
}

const lanedCount = (axes: readonly Axis[], { lanes }: Schedule): number =>
  countOf(axes) / (axes.some(({ id }) => id === lanes?.id) ? LANES : 1)

export const render = (dialect: Dialect, kernel: Kernel): Rendered => {
  const schedule = scheduleOf(kernel)
  const bindings = bindingsOf(kernel, schedule)
  const writer = newWriter(dialect, kernel, schedule, bindings)
  const { body, shared, results } =
    kernel.fold === undefined
      ? mapBody(dialect, kernel, schedule, writer)
      : foldBody(dialect, kernel, schedule, writer)
  const groups = Math.ceil(results / GROUP_SIZE)
  const rows = Math.ceil(groups / MOST_GROUPS)
  return {
    source: dialect.frame({
      name: kernel.name,
      bindings,
      offsets: writer.offsets.length,
      groupSize: GROUP_SIZE,
      shared,
      body,
    }),
    bindings: bindings.map(({ buffer, writes }) => ({ buffer, writes })),
    offsets: writer.offsets,
    groups: [Math.ceil(groups / rows), rows, 1],
    groupSize: [GROUP_SIZE, 1, 1],
    hasBarriers: kernel.fold !== undefined,
  }
}

const mapBody = (
  dialect: Dialect,
  { axes, stores }: Kernel,
  schedule: Schedule,
  writer: Writer,
) => {
  const count = lanedCount(axes, schedule)
  const scope = newScope()
  for (const store of stores) writer.store(scope, store)
  const body = [
    dialect.declare('int', 'number', `${dialect.group} * ${GROUP_SIZE} + ${dialect.thread}`),
    ...block(`if (number < ${count})`, [
      ...decode(dialect, axes, 'number', schedule),
      ...scope.lines,
    ]),
  ]
  return { body, shared: [], results: count }
}

const typeOfResult = (combine: Combine): Type => (combine === 'and' ? 'bool' : 'float')

const foldBody = (dialect: Dialect, kernel: Kernel, schedule: Schedule, writer: Writer) => {
  const { axes, fold, stores } = kernel
  const { axes: foldAxes, results, part, stores: onTheWay } = fold as NonNullable<Kernel['fold']>
  const { across, alongFold, lanes } = schedule
  const [count, length] = [lanedCount(axes, schedule), lanedCount(foldAxes, schedule)]
  const together = GROUP_SIZE / across
  const isLaned = lanes !== undefined
  const resultLanes = isLaned && !alongFold ? LANES : 1
  const totals = results.flatMap((result, index) =>
    Array.from({ length: isLaned ? LANES : 1 }, (_, lane) => ({
      ...result,
      index,
      lane,
      name: `total${index}_${lane}`,
    })),
  )
  const joined = (combine: Combine, a: string, b: string): string =>
    dialect.calls[JOIN[combine]](a, b)

  const loop = newScope(newScope(), [...foldAxes.map(({ id }) => id)])
  for (const { term, lane, name, combine } of totals) {
    const text = writer.emit(loop, term, lane)
    loop.lines.push(`${name} = ${joined(combine, name, text)};`)
  }
  for (const store of onTheWay) writer.store(loop, store)
  const chunk = part === undefined ? length : Math.ceil(length / part.extent)
  const [begin, end] =
    part === undefined
      ? ['at', `${length}`]
      : [`i${part.id} * ${chunk} + at`, `min(${length}, (i${part.id} + 1) * ${chunk})`]
  const thread = dialect.thread
  const [at, own] = alongFold
    ? [`${thread} % ${across}`, `${thread} / ${across}`]
    : [`${thread} / ${together}`, `${thread} % ${together}`]

  // Lanes along the fold are joined by their thread; lanes along the results stay apart.
  const kept = totals.filter(({ lane }) => lane < resultLanes)
  const withinThread = totals
    .filter(({ lane }) => lane >= resultLanes)
    .map(
      ({ index, combine, name }) =>
        `total${index}_0 = ${joined(combine, `total${index}_0`, name)};`,
    )
  const slot = `at * ${together} + own`
  const sharedOf = ({ index, lane }: (typeof totals)[number]): string => `shared${index}_${lane}`
  const after = newScope()
  for (const store of stores) writer.store(after, store)

  const body = [
    dialect.declare('int', 'at', at),
    dialect.declare('int', 'own', own),
    dialect.declare('int', 'number', `${dialect.group} * ${together} + own`),
    ...totals.map(({ name, combine }) =>
      dialect.variable(
        typeOfResult(combine),
        name,
        dialect.constant(START[combine], typeOfResult(combine)),
      ),
    ),
    ...block(`if (number < ${count})`, [
      ...decode(dialect, axes, 'number', schedule),
      ...(loop.parent?.lines ?? []),
      ...block(dialect.loop('step', begin, end, `${across}`), [
        ...decode(dialect, foldAxes, 'step', schedule),
        ...loop.lines,
      ]),
      ...withinThread,
    ]),
    ...kept.map(total => `${sharedOf(total)}[${slot}] = ${total.name};`),
    dialect.barrier,
    ...tree(
      dialect,
      across,
      kept.map(total => {
        const name = sharedOf(total)
        return (half: number) =>
          `${name}[${slot}] = ${joined(total.combine, `${name}[${slot}]`, `${name}[${slot} + ${half * together}]`)};`
      }),
    ),
    ...block(`if (at == 0 && number < ${count})`, [
      ...decode(dialect, axes, 'number', schedule),
      ...kept.map(total =>
        dialect.declare(
          typeOfResult(total.combine),
          `folded${total.index}_${total.lane}`,
          `${sharedOf(total)}[${slot}]`,
        ),
      ),
      ...after.lines,
    ]),
  ]
  const shared = kept.map(total => ({
    name: sharedOf(total),
    type: typeOfResult(total.combine),
    size: GROUP_SIZE,
  }))
  return { body, shared, results: count * across }
}

/** Joins what the threads have, pair by pair: the same pairs every time. */
const tree = (
  dialect: Dialect,
  across: number,
  joins: readonly ((half: number) => string)[],
): string[] => {
  const lines: string[] = []
  for (let half = across / 2; half >= 1; half /= 2)
    lines.push(
      ...block(
        `if (at < ${half})`,
        joins.map(join => join(half)),
      ),
      dialect.barrier,
    )
  return lines
}
