/** The same network with one of its layers exchanged: how a block is taken out of a trained one. */

import { GraphError } from '../errors.ts'
import type { Child, Layer } from './layer.ts'

const isList = (child: Child): child is readonly Layer[] => Array.isArray(child)

/**
 * A network like the given one, but for the layer at a path such as `layer1.0.se`. The forward
 * functions stay: they are given their children.
 * @throws GraphError when there is no layer at the path
 */
export const replaceLayer = (network: Layer, path: string, replacement: Layer): Layer => {
  const replace = (layer: Layer, names: readonly string[]): Layer => {
    const [name, ...rest] = names
    if (name === undefined) return replacement
    const child = Object.hasOwn(layer.children, name) ? layer.children[name] : undefined
    const changed = ((): Child => {
      if (isList(child)) {
        const index = Number(rest[0])
        if (child[index] !== undefined)
          return child.with(index, replace(child[index], rest.slice(1)))
      } else if (child?.kind === 'layer') return replace(child, rest)
      throw new GraphError({ where: path, expected: 'a layer of the network', got: 'none' })
    })()
    return { ...layer, children: { ...layer.children, [name]: changed } }
  }
  return replace(network, path.split('.'))
}
