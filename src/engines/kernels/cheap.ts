/** Which maps are not stored, but done again where they are read. */

import { type Node, sizeOf, type Value } from '../../graph/index.ts'
import type { Joining } from './joining.ts'
import { isLight, kindOf } from './operations.ts'
import { domainOf, isSame, type Reads, tensorsBehind } from './reads.ts'

/** How many buffers what is done again may read: of two such operands and a result there is room. */
const CHEAP_BUFFERS = 4

/**
 * Whether a map is better done again by each of its readers than stored: it is small beside them, or
 * there is one, or it reads one tensor more than they read anyway.
 */
export const isCheap = (
  node: Node,
  { isForKernels, leavesOfNode, readersOf, isMinor }: Reads,
  { bufferOf, homes }: Joining,
  maxBuffers: number,
): boolean => {
  const [value] = node.outputs
  if (kindOf(node) !== 'map' || !isLight(node) || !isForKernels(value)) return false
  const leaves = leavesOfNode(node)
  const most = Math.min(CHEAP_BUFFERS, Math.floor(maxBuffers / 2))
  if (new Set(leaves.map(leaf => bufferOf(leaf.value))).size > most) return false
  const size = sizeOf(value.shape)
  const large = leaves.filter(leaf => leaf.size >= size).map(leaf => leaf.value)
  if (large.length <= 1 || isMinor(value)) return true
  const readers = readersOf(value)
  if (readers.length === 1 && isSame(domainOf(readers[0]), value.shape)) return true
  const isStored = (one: Value): boolean => homes.has(one)
  const beside = readers
    .flatMap(reader => reader.inputs)
    .filter(input => input !== value)
    .flatMap(input => tensorsBehind(input, size, isStored))
  return large.length === 2 && large.some(one => beside.includes(one))
}
