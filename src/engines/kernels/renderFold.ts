/**
 * The text of a fold. Each thread folds its share, then the threads of a result join theirs in shared
 * memory, half with half: the same pairs every time, so the same bits.
 */

import { decode, lanedCount } from './decode.ts'
import type { Dialect } from './dialect.ts'
import { type Combine, JOIN, START, type Type } from './expression.ts'
import type { Kernel, SharedFold } from './kernel.ts'
import { GROUP_SIZE, LANES, type Schedule } from './schedule.ts'
import { block, newScope } from './scope.ts'
import type { Writer } from './writer.ts'

/** One result of a fold, in one lane. */
interface Total {
  readonly combine: Combine
  readonly index: number
  readonly lane: number
  readonly name: string
  readonly shared: string
}

const typeOfResult = (combine: Combine): Type => (combine === 'and' ? 'bool' : 'float')

export const foldBody = (dialect: Dialect, kernel: Kernel, schedule: Schedule, writer: Writer) => {
  const { axes, fold, stores } = kernel
  const { axes: foldAxes, results, part, stores: onTheWay } = fold as SharedFold
  const { across, alongFold, lanes } = schedule
  const [count, length] = [lanedCount(axes, schedule), lanedCount(foldAxes, schedule)]
  const together = GROUP_SIZE / across
  const resultLanes = lanes !== undefined && !alongFold ? LANES : 1
  const totals = results.flatMap((result, index) =>
    Array.from({ length: lanes === undefined ? 1 : LANES }, (_, lane) => ({
      ...result,
      index,
      lane,
      name: `total${index}_${lane}`,
      shared: `shared${index}_${lane}`,
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
    ...kept.map(total => `${total.shared}[${slot}] = ${total.name};`),
    dialect.barrier,
    ...tree(dialect, across, together, kept),
    ...block(`if (at == 0 && number < ${count})`, [
      ...decode(dialect, axes, 'number', schedule),
      ...kept.map(total =>
        dialect.declare(
          typeOfResult(total.combine),
          `folded${total.index}_${total.lane}`,
          `${total.shared}[${slot}]`,
        ),
      ),
      ...after.lines,
    ]),
  ]
  const shared = kept.map(total => ({
    name: total.shared,
    type: typeOfResult(total.combine),
    size: GROUP_SIZE,
  }))
  return { body, shared, results: count * across }
}

/** Joins what the threads have, half with half. */
const tree = (
  dialect: Dialect,
  across: number,
  together: number,
  totals: readonly Total[],
): string[] => {
  const lines: string[] = []
  for (let half = across / 2; half >= 1; half /= 2) {
    const joins = totals.map(({ combine, shared }) => {
      const mine = `${shared}[at * ${together} + own]`
      const other = `${shared}[at * ${together} + own + ${half * together}]`
      return `${mine} = ${dialect.calls[JOIN[combine]](mine, other)};`
    })
    lines.push(...block(`if (at < ${half})`, joins), dialect.barrier)
  }
  return lines
}
