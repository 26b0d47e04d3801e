/** The text of a kernel in a language, and how it is launched. */

import { decode, lanedCount } from './decode.ts'
import type { Binding, Dialect } from './dialect.ts'
import type { Kernel, Rendered } from './kernel.ts'
import { foldBody } from './renderFold.ts'
import { GROUP_SIZE, type Schedule, scheduleOf } from './schedule.ts'
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
