/**
 * A restricted unpickler: Python's stack machine (PEP 307, PEP 3154; the opcodes of pickletools.py)
 * with plain containers, numbers and text. What a stream may call is a table given from outside;
 * anything else is refused by its name, before its arguments are looked at.
 *
 * A dict is a Map, so that no key reaches a prototype; lists and tuples are arrays. Everything that
 * the machine builds is bounded by the bytes that it has read.
 */

import type { Refuse } from '../stored.ts'
import { type Reader, reader } from './reader.ts'

export type Pickled = unknown

/** What a global stands for: a callable, or a mark such as the class of a storage. */
export interface Global {
  readonly name: string
  readonly call?: (args: readonly Pickled[], refuse: Refuse) => Pickled
}

export interface PickleOptions {
  readonly globals: ReadonlyMap<string, Global>
  /** What stands outside the pickle, such as the storage of a tensor. */
  persistent(id: Pickled, refuse: Refuse): Pickled
}

export const isGlobal = (value: Pickled): value is Global =>
  typeof value === 'object' && value !== null && 'name' in value

/** A value as a message shows it: its kind, unless it is text or a number; never what is in it. */
export const shown = (value: Pickled): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  if (typeof value === 'bigint') return 'an integer beyond 2⁵³'
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'a list' : value instanceof Map ? 'a dict' : 'an object'
  return String(value)
}

interface Machine extends PickleOptions {
  readonly input: Reader
  readonly refuse: Refuse
  readonly stack: Pickled[]
  /** The stack's heights at open marks. */
  readonly marks: number[]
  readonly memo: Map<number, Pickled>
}

const pop = ({ stack, marks, refuse }: Machine): Pickled => {
  const floor = marks.at(-1) ?? 0
  return stack.length > floor ? stack.pop() : refuse('a value on the stack', 'none')
}

const popMark = ({ stack, marks, refuse }: Machine): Pickled[] =>
  stack.splice(marks.pop() ?? refuse('a mark on the stack', 'none'))

const top = ({ stack, refuse }: Machine): Pickled =>
  stack.length > 0 ? stack[stack.length - 1] : refuse('a value on the stack', 'none')

/** Tuples are frozen, so that nothing is appended to one. */
const topList = (machine: Machine): Pickled[] => {
  const list = top(machine)
  return Array.isArray(list) && !Object.isFrozen(list)
    ? list
    : machine.refuse('a list to append to', typeof list)
}

const append = (machine: Machine, items: readonly Pickled[]): void => {
  const list = topList(machine)
  for (const item of items) list.push(item)
}

const topDict = (machine: Machine): Map<Pickled, Pickled> => {
  const dict = top(machine)
  return dict instanceof Map ? dict : machine.refuse('a dict', typeof dict)
}

/** Keys that are no text or number, such as tuples, are kept by identity: nobody asks for them. */
const setItems = (machine: Machine, items: readonly Pickled[]): void => {
  const dict = topDict(machine)
  if (items.length % 2 !== 0) machine.refuse('a value for every key of a dict', 'a key alone')
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
}

const dictOf = (machine: Machine, items: readonly Pickled[]): void => {
  machine.stack.push(new Map())
  setItems(machine, items)
}

const tuple = (items: readonly Pickled[]): Pickled => Object.freeze(items)

const LONGEST_INTEGER = 64

/** Two's complement, little-endian; a number where that is exact, else a bigint. */
const integer = (bytes: Uint8Array, refuse: Refuse): number | bigint => {
  if (bytes.length > LONGEST_INTEGER)
    refuse(`integers of at most ${LONGEST_INTEGER} bytes`, `${bytes.length}`)
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).reverse()
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex.join('') || '0'}`))
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

const find = ({ globals, refuse }: Machine, module: string, name: string): Global => {
  const full = `${module}.${name}`
  const shown = full.length > 120 ? `${full.slice(0, 120)}…` : full
  return (
    globals.get(full) ??
    refuse(
      'tensors and plain containers only',
      `the Python object ${JSON.stringify(shown)}`,
      'Save the weights alone, in Python: torch.save(model.state_dict(), file)',
    )
  )
}

const textGlobal = (machine: Machine): Global => {
  const name = pop(machine)
  const module = pop(machine)
  return typeof module === 'string' && typeof name === 'string'
    ? find(machine, module, name)
    : machine.refuse('the names of a global as text', `${typeof module}, ${typeof name}`)
}

const reduce = (machine: Machine): Pickled => {
  const args = pop(machine)
  const callable = pop(machine)
  if (!Array.isArray(args)) return machine.refuse('arguments as a tuple', typeof args)
  if (!isGlobal(callable) || callable.call === undefined)
    return machine.refuse(
      'a call of a known function',
      isGlobal(callable) ? callable.name : typeof callable,
    )
  return callable.call(args, machine.refuse)
}

/** The state of an OrderedDict is its attributes, such as _metadata, which nobody needs here. */
const build = (machine: Machine): void => {
  pop(machine)
  topDict(machine)
}

const memoized = ({ memo, refuse }: Machine, index: number): Pickled =>
  memo.has(index) ? memo.get(index) : refuse('something in the memo', `nothing at ${index}`)

const whole = (line: string, refuse: Refuse): number =>
  /^\d{1,10}$/.test(line) ? Number(line) : refuse('a whole number', JSON.stringify(line))

type Step = (machine: Machine) => void

const push =
  (make: (machine: Machine) => Pickled): Step =>
  machine =>
    machine.stack.push(make(machine))

const memorize =
  (index: (machine: Machine) => number): Step =>
  machine =>
    machine.memo.set(index(machine), top(machine))

const tupleOf = (count: number): Step =>
  push(machine => tuple(Array.from({ length: count }, () => pop(machine)).reverse()))

/** By opcode, as the character that pickletools.py has for it. */
const STEPS: ReadonlyMap<number, Step> = new Map(
  Object.entries({
    '(': machine => machine.marks.push(machine.stack.length),
    '0': machine => pop(machine),
    '1': machine => popMark(machine),
    N: push(() => null),
    '\x88': push(() => true),
    '\x89': push(() => false),
    J: push(({ input }) => input.int32()),
    K: push(({ input }) => input.byte()),
    M: push(({ input }) => input.unsigned(2)),
    '\x8a': push(({ input, refuse }) => integer(input.bytes(input.byte()), refuse)),
    '\x8b': push(({ input, refuse }) => integer(input.bytes(input.unsigned(4)), refuse)),
    G: push(({ input }) => input.double()),
    X: push(({ input }) => input.text(input.unsigned(4))),
    '\x8c': push(({ input }) => input.text(input.byte())),
    '\x8d': push(({ input }) => input.text(input.unsigned(8))),
    T: push(({ input }) => input.text(input.unsigned(4))),
    U: push(({ input }) => input.text(input.byte())),
    B: push(({ input }) => input.bytes(input.unsigned(4))),
    C: push(({ input }) => input.bytes(input.byte())),
    '}': push(() => new Map()),
    ']': push(() => []),
    ')': push(() => tuple([])),
    t: push(machine => tuple(popMark(machine))),
    l: push(popMark),
    d: machine => dictOf(machine, popMark(machine)),
    '\x85': tupleOf(1),
    '\x86': tupleOf(2),
    '\x87': tupleOf(3),
    a: machine => append(machine, [pop(machine)]),
    e: machine => append(machine, popMark(machine)),
    s: machine => setItems(machine, [pop(machine), pop(machine)].reverse()),
    u: machine => setItems(machine, popMark(machine)),
    c: push(machine => find(machine, machine.input.line(), machine.input.line())),
    '\x93': push(textGlobal),
    R: push(reduce),
    b: build,
    Q: push(machine => machine.persistent(pop(machine), machine.refuse)),
    q: memorize(({ input }) => input.byte()),
    r: memorize(({ input }) => input.unsigned(4)),
    p: memorize(({ input, refuse }) => whole(input.line(), refuse)),
    '\x94': memorize(({ memo }) => memo.size),
    h: push(machine => memoized(machine, machine.input.byte())),
    j: push(machine => memoized(machine, machine.input.unsigned(4))),
    g: push(machine => memoized(machine, whole(machine.input.line(), machine.refuse))),
    '\x95': ({ input }) => input.unsigned(8),
  } satisfies Record<string, Step>).map(([opcode, step]) => [opcode.charCodeAt(0), step]),
)

const PROTOCOL = 0x80
const STOP = 0x2e
const NEWEST = 5

/**
 * Reads one pickle.
 * @returns what it holds, and where it ends
 */
export const unpickle = (
  bytes: Uint8Array,
  start: number,
  refuse: Refuse,
  options: PickleOptions,
): { value: Pickled; end: number } => {
  const input = reader(bytes, start, refuse)
  const machine: Machine = { ...options, input, refuse, stack: [], marks: [], memo: new Map() }
  for (;;) {
    const at = input.position
    const opcode = input.byte()
    if (opcode === STOP) break
    if (opcode === PROTOCOL) {
      const version = input.byte()
      if (version > NEWEST) refuse(`a pickle of protocol 0 to ${NEWEST}`, `${version}`)
      continue
    }
    const step =
      STEPS.get(opcode) ??
      refuse(
        'tensors and plain containers only',
        `the pickle opcode 0x${opcode.toString(16)} at byte ${at}`,
        'Save the weights alone, in Python: torch.save(model.state_dict(), file)',
      )
    step(machine)
  }
  const value = pop(machine)
  if (machine.stack.length > 0) refuse('one value in a pickle', `${machine.stack.length + 1}`)
  return { value, end: input.position }
}
