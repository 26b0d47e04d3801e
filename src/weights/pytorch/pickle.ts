/**
 * A restricted unpickler: Python's stack machine (PEP 307, PEP 3154; the opcodes of pickletools.py)
 * with plain containers, numbers and text. What a stream may call is a table given from outside;
 * for any other object there is a mark of its name, and nothing of it is made or run.
 *
 * A dict is a Map, so that no key reaches a prototype; lists and tuples are arrays. Everything that
 * the machine builds is bounded by the bytes that it has read.
 */

import type { Refuse } from '../../errors/index.ts'
import { quoted } from '../../text/visible.ts'
import { type Reader, reader } from './reader.ts'

export type Pickled = unknown

/**
 * What stands for a Python class, function or object: its name, and for those few that may be
 * called what calling them gives. It is inert: an object is never made, nor its state applied.
 */
export class Mark {
  readonly name: string
  readonly call: ((args: readonly Pickled[], refuse: Refuse) => Pickled) | undefined
  /** What it was made of or given, where somebody may ask. */
  detail: Pickled

  constructor(name: string, call?: Mark['call'], detail?: Pickled) {
    this.name = name
    this.call = call
    this.detail = detail
  }
}

export interface PickleOptions {
  readonly globals: ReadonlyMap<string, Mark>
  /** What stands outside the pickle, such as the storage of a tensor. */
  persistent(id: Pickled, refuse: Refuse): Pickled
}

/** A value as a message shows it: its kind, unless it is text or a number; never what is in it. */
export const shown = (value: Pickled): string => {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'bigint') return 'an integer beyond 2⁵³'
  if (value instanceof Mark) return `the Python object ${quoted(value.name)}`
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

/** What is put into a mark is dropped. Tuples are frozen, so that nothing is appended to one. */
const append = (machine: Machine, items: readonly Pickled[]): void => {
  const list = top(machine)
  if (Array.isArray(list) && !Object.isFrozen(list)) for (const item of items) list.push(item)
  else if (!(list instanceof Mark)) machine.refuse('a list to append to', typeof list)
}

/** Keys that are no text or number, such as tuples, are kept by identity: nobody asks for them. */
const setItems = (machine: Machine, items: readonly Pickled[]): void => {
  const dict = top(machine)
  if (items.length % 2 !== 0) machine.refuse('a value for every key of a dict', 'a key alone')
  if (dict instanceof Map)
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
  else if (!(dict instanceof Mark)) machine.refuse('a dict', typeof dict)
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

/** A global of a name that the table does not have is a mark that cannot be called. */
const find = ({ globals }: Machine, module: string, name: string): Mark =>
  globals.get(`${module}.${name}`) ?? new Mark(`${module}.${name}`)

const textGlobal = (machine: Machine): Mark => {
  const name = pop(machine)
  const module = pop(machine)
  return typeof module === 'string' && typeof name === 'string'
    ? find(machine, module, name)
    : machine.refuse('the names of a global as text', `${typeof module}, ${typeof name}`)
}

/** What calling something gives: an inert mark, unless the table says otherwise. */
const made = ({ refuse }: Machine, callable: Pickled, args: Pickled): Pickled => {
  if (!Array.isArray(args)) return refuse('arguments as a tuple', typeof args)
  if (!(callable instanceof Mark)) return refuse('a call of a function', typeof callable)
  return callable.call ? callable.call(args, refuse) : new Mark(callable.name)
}

const reduce = (machine: Machine): Pickled => {
  const args = pop(machine)
  return made(machine, pop(machine), args)
}

/** An object by its class and arguments, which stand after a mark on the stack. */
const object = (machine: Machine, [type, ...args]: readonly Pickled[]): Pickled =>
  made(machine, type, args)

/** The state of an object, such as the _metadata of an OrderedDict, which nobody needs here. */
const build = (machine: Machine): void => {
  const state = pop(machine)
  const built = top(machine)
  if (built instanceof Mark) built.detail ??= state
  else if (typeof built !== 'object') machine.refuse('an object to give a state', typeof built)
}

const memoized = ({ memo, refuse }: Machine, index: number): Pickled =>
  memo.has(index) ? memo.get(index) : refuse('something in the memo', `nothing at ${index}`)

const whole = (line: string, refuse: Refuse): number =>
  /^\d{1,10}$/.test(line) ? Number(line) : refuse('a whole number', JSON.stringify(line))

/** A number as text; protocol 1 writes booleans as 00 and 01. */
const numberOf = (line: string, refuse: Refuse): Pickled => {
  if (line === '00' || line === '01') return line === '01'
  const value = /^[+-]?\d{1,600}L?$/.test(line) ? BigInt(line.replace(/L$/, '')) : undefined
  if (value === undefined) return refuse('a whole number', quoted(line))
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** Text of protocol 0, between quotation marks; its escapes stay as they are. */
const quotedText = (line: string, refuse: Refuse): string =>
  /^(['"]).*\1$/.test(line) ? line.slice(1, -1) : refuse('text in quotation marks', quoted(line))

const unescaped = (line: string): string =>
  line.replace(/\\(?:u([\da-f]{4})|U000([\da-f]{5}))/gi, (_, short, long) =>
    String.fromCodePoint(Math.min(Number.parseInt(short ?? long, 16), 0x10ffff)),
  )

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
    '2': push(machine => top(machine)),
    N: push(() => null),
    '\x88': push(() => true),
    '\x89': push(() => false),
    I: push(({ input, refuse }) => numberOf(input.line(), refuse)),
    L: push(({ input, refuse }) => numberOf(input.line(), refuse)),
    F: push(({ input }) => Number(input.line())),
    J: push(({ input }) => input.int32()),
    K: push(({ input }) => input.byte()),
    M: push(({ input }) => input.unsigned(2)),
    '\x8a': push(({ input, refuse }) => integer(input.bytes(input.byte()), refuse)),
    '\x8b': push(({ input, refuse }) => integer(input.bytes(input.unsigned(4)), refuse)),
    G: push(({ input }) => input.double()),
    S: push(({ input, refuse }) => quotedText(input.line(), refuse)),
    V: push(({ input }) => unescaped(input.line('latin1'))),
    X: push(({ input }) => input.text(input.unsigned(4))),
    '\x8c': push(({ input }) => input.text(input.byte())),
    '\x8d': push(({ input }) => input.text(input.unsigned(8))),
    T: push(({ input }) => input.text(input.unsigned(4))),
    U: push(({ input }) => input.text(input.byte())),
    B: push(({ input }) => input.bytes(input.unsigned(4))),
    C: push(({ input }) => input.bytes(input.byte())),
    '\x8e': push(({ input }) => input.bytes(input.unsigned(8))),
    '\x96': push(({ input }) => input.bytes(input.unsigned(8))),
    '}': push(() => new Map()),
    ']': push(() => []),
    // Sets are lists: nobody asks what is in them.
    '\x8f': push(() => []),
    '\x90': machine => append(machine, popMark(machine)),
    '\x91': push(machine => tuple(popMark(machine))),
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
    '\x81': push(reduce),
    '\x92': push(machine => {
      pop(machine)
      return reduce(machine)
    }),
    o: push(machine => object(machine, popMark(machine))),
    i: push(machine => {
      const type = find(machine, machine.input.line(), machine.input.line())
      return made(machine, type, popMark(machine))
    }),
    b: build,
    P: push(({ input, persistent, refuse }) => persistent(input.line(), refuse)),
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
      refuse('a pickle of known opcodes', `the opcode 0x${opcode.toString(16)} at byte ${at}`)
    step(machine)
  }
  const value = pop(machine)
  if (machine.stack.length > 0) refuse('one value in a pickle', `${machine.stack.length + 1}`)
  return { value, end: input.position }
}
