/** A graph as text, one line a node, for people. */

import { formatShape } from '../errors/index.ts'
import type { Graph } from './graph.ts'
import type { Value } from './value.ts'

const attributeText = (attributes: object): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ')

/** For example `%3 [8, 16] = relu(%2)  layer1.0`. */
export const printGraph = ({ inputs, nodes, outputs }: Graph): string => {
  const names = new Map<Value, string>()
  const nameOf = (value: Value): string => {
    const known = names.get(value)
    if (known !== undefined) return known
    const name = value.name ?? `%${names.size}`
    names.set(value, name)
    return name
  }
  const typed = (value: Value): string =>
    `${nameOf(value)} ${value.dtype === 'float32' ? '' : value.dtype}${formatShape(value.shape)}`
  return [
    ...inputs.map(value => `input ${typed(value)}`),
    ...nodes.map(({ op, attributes, inputs, outputs, path }) =>
      [
        `${outputs.map(typed).join(', ')} = ${op}(${inputs.map(nameOf).join(', ')})`,
        attributeText(attributes),
        path,
      ]
        .filter(part => part !== '')
        .join('  '),
    ),
    ...Object.entries(outputs).map(([name, value]) => `output ${name} = ${nameOf(value)}`),
  ].join('\n')
}
