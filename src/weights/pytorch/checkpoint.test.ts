/** PyTorch checkpoints, recorded by test/parity/checkpoints.py: read right, and refused where wrong. */

import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FileError } from '../../errors.ts'
import { readWeights } from '../readWeights.ts'

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../test/parity/fixtures/${name}.pth`, import.meta.url))

const range = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + step * i)

/** What checkpoints.py wrote. */
const ODD: Readonly<Record<string, readonly [dtype: string, shape: number[], data: number[]]>> = {
  contiguous: ['Float', [2, 3, 4], range(0, 24)],
  transposed: ['Float', [6, 4], range(0, 6).flatMap(column => range(column, 24, 6))],
  offset: ['Float', [6], range(5, 11)],
  strided: ['Float', [8], range(1, 24, 3)],
  scalar: ['Float', [], [2.5]],
  empty: ['Float', [0, 3], []],
  double: ['Double', [2], [1.5, -2]],
  half: ['Half', [3], [1.5, -2, 65504]],
  bfloat16: ['BFloat16', [2], [1.5, -2]],
  long: ['Long', [2], [-1, 2 ** 40]],
  int: ['Int', [2], [-1, 2 ** 20]],
  short: ['Short', [2], [-300, 300]],
  char: ['Char', [2], [-3, 3]],
  byte: ['Byte', [2], [3, 250]],
  bool: ['Bool', [2], [1, 0]],
  parameter: ['Float', [1], [3]],
}

describe.each(['zip', 'legacy'])('the %s format', kind => {
  const odd = fixture(`odd-${kind}`)

  it('gives tensors of every dtype and layout, out of their wrapper', () => {
    const entries = readWeights(odd, 'odd')
    expect([...entries.keys()]).toEqual(Object.keys(ODD))
    for (const [name, [dtype, shape, data]] of Object.entries(ODD)) {
      const entry = entries.get(name)
      expect(entry, name).toMatchObject({ dtype, shape })
      expect(Array.from(entry?.read() ?? []), name).toEqual(data)
    }
  })

  it('is read from any place in a buffer', () => {
    const larger = Buffer.concat([Buffer.of(1, 2, 3), odd, Buffer.of(4)])
    const entries = readWeights(larger.subarray(3, 3 + odd.length), 'odd')
    expect(Array.from(entries.get('offset')?.read() ?? [])).toEqual(range(5, 11))
  })

  it('refuses a pickled module by the name of its class', () => {
    expect(() => readWeights(fixture(`module-${kind}`), 'folder/module.pth')).toThrow(
      'folder/module.pth: expected tensors and plain containers only, got the Python object "torch.nn.modules.linear.Linear". Save the weights alone',
    )
  })

  it('ends every damaged file in a typed error, or in tensors', () => {
    const untouched = Object.getOwnPropertyNames(Object.prototype)
    const read = (bytes: Uint8Array): void => {
      try {
        for (const entry of readWeights(bytes, 'file').values()) entry.read()
      } catch (error) {
        if (!(error instanceof FileError)) throw error
      }
    }
    const position = fc.nat(odd.length - 1)
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat(255)), { maxLength: 6 }), changes => {
        const bytes = Uint8Array.from(odd)
        for (const [at, value] of changes) bytes[at] = value
        read(bytes)
      }),
      { numRuns: 1500, seed: 1 },
    )
    fc.assert(
      fc.property(position, length => read(odd.subarray(0, length))),
      { numRuns: 500, seed: 2 },
    )
    fc.assert(
      fc.property(position, position, fc.uint8Array({ maxLength: 20 }), (from, to, inserted) => {
        read(Buffer.concat([odd.subarray(0, from), inserted, odd.subarray(to)]))
      }),
      { numRuns: 500, seed: 3 },
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched)
  })
})

/** An archive of stored entries, as PyTorch has it. */
const zip = (entries: Readonly<Record<string, Uint8Array>>, method = 0): Uint8Array => {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(entries)) {
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(method, 4)
    fields.writeUInt32LE(crc32(content), 10)
    fields.writeUInt32LE(content.length, 14)
    fields.writeUInt32LE(content.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), content])
    const tail = Buffer.alloc(16)
    tail.writeUInt32LE(offset, 12)
    central.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02'),
        Buffer.alloc(2),
        fields.subarray(0, 24),
        Buffer.alloc(2),
        tail.subarray(2),
        Buffer.from(name),
      ]),
    )
    locals.push(local)
    offset += local.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, ...central, end])
}

/** A pickle of protocol 2 in an archive, with one storage of four floats under key 0. */
const checkpoint = (pickle: string, storage = 16): Uint8Array =>
  zip({
    'archive/data.pkl': Buffer.from(`\x80\x02${pickle}.`, 'latin1'),
    'archive/data/0': new Uint8Array(storage),
  })

const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`

const STORAGE = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}K\x04tQ`

/** A dict of one tensor `a`, of offset, shape and strides as given. */
const tensor = (offset: string, shape: string, strides: string, storage = STORAGE): string =>
  `}${text('a')}ctorch._utils\n_rebuild_tensor_v2\n(${storage}${offset}${shape}${strides}\x89}tRs`

const [K0, K1, K2, K3, K4] = [0, 1, 2, 3, 4].map(n => `K${String.fromCharCode(n)}`)
const HUGE = 'J\xff\xff\xff\x7f'

const GOOD = tensor(K0, `${K2}${K2}\x86`, `${K2}${K1}\x86`)

it('reads a checkpoint made by hand', () => {
  const entries = readWeights(checkpoint(GOOD), 'file')
  expect(entries.get('a')?.shape).toEqual([2, 2])
  expect(entries.get('a')?.read()).toEqual(new Float32Array(4))
})

const call = (module: string, name: string): string => `c${module}\n${name}\n)R`

/** Each pickle, and what its refusal says. */
const PICKLES: Readonly<Record<string, readonly [pickle: string, message: string]>> = {
  'os.system': [`cos\nsystem\n(${text('true')}tR`, 'got the Python object "os.system"'],
  'posix.system': [call('posix', 'system'), '"posix.system"'],
  'builtins.eval': [call('builtins', 'eval'), '"builtins.eval"'],
  'builtins.getattr': [call('builtins', 'getattr'), '"builtins.getattr"'],
  'subprocess.Popen': [call('subprocess', 'Popen'), '"subprocess.Popen"'],
  'torch.load': [call('torch', 'load'), '"torch.load"'],
  'torch.hub.load': [call('torch.hub', 'load'), '"torch.hub.load"'],
  'a numpy scalar': [call('numpy.core.multiarray', 'scalar'), '"numpy.core.multiarray.scalar"'],
  'a name of every object': [call('__proto__', 'constructor'), '"__proto__.constructor"'],
  'a global by text': [`${text('os')}${text('system')}\x93`, '"os.system"'],
  'a global of numbers': [`${K1}${K1}\x93`, 'the names of a global as text'],
  'a class that is called': [call('torch', 'FloatStorage'), 'a call of a known function'],
  'a call of a number': [`${K1})R`, 'a call of a known function, got number'],
  'a call without a tuple': ['ccollections\nOrderedDict\nNR', 'arguments as a tuple'],
  'an object by INST': ['(ios\nsystem\n', 'the pickle opcode 0x69'],
  'an object by OBJ': ['(o', 'the pickle opcode 0x6f'],
  'an object by NEWOBJ': [')\x81', 'the pickle opcode 0x81'],
  'an extension': ['\x82\x01', 'the pickle opcode 0x82'],
  'a text of protocol 0': ["S'a'\n", 'the pickle opcode 0x53'],
  'an unknown opcode': ['\xff', 'the pickle opcode 0xff'],
  'a newer protocol': ['\x80\x06', 'a pickle of protocol 0 to 5, got 6'],
  'state for a number': [`${K1}${K1}b`, 'a dict, got number'],
  'nothing at all': ['', 'a value on the stack, got none'],
  'two values': [`${K1}${K1}`, 'one value in a pickle, got 2'],
  'a tuple without a mark': ['t', 'a mark on the stack'],
  'a value from under a mark': [`${K1}(0`, 'a value on the stack'],
  'an empty memo': ['h\x05', 'something in the memo, got nothing at 5'],
  'a far memo': ['j\xff\xff\xff\xff', 'something in the memo'],
  'an append to a tuple': [`)${K1}a`, 'a list to append to'],
  'an append to a number': [`${K1}${K1}a`, 'a list to append to'],
  'an item of a list': [`]${K1}${K1}s`, 'a dict, got object'],
  'a key without a value': [`}(${K1}u`, 'a value for every key'],
  'a text beyond the end': ['X\xff\xff\xff\x7f', '2147483647 more bytes'],
  'a text of 2^63 bytes': ['\x8d\0\0\0\0\0\0\0\x80', 'a size within the file'],
  'a text that is no UTF-8': ['U\x01\xff', 'UTF-8 text'],
  'an integer of 255 bytes': [`\x8a\xff${'\xff'.repeat(255)}`, 'integers of at most 64 bytes'],
  'a name without an end': ['cos', 'a line from byte'],
  'pairs of an OrderedDict that are none': [
    `ccollections\nOrderedDict\n(](${K1}etR`,
    'the pairs of an OrderedDict',
  ],
  'a number': [K1, 'a dict of tensors, got number'],
  'a list': [']', 'a dict of tensors, got a list'],
  'an empty dict': ['}', 'a dict of tensors, or one under'],
  'a dict without tensors': [`}${text('epoch')}${K3}s`, '1 entries without a tensor ("epoch")'],
  'a persistent number': [`${K1}Q`, 'the id of a storage, got number'],
  'a persistent module': [`(${text('module')}${K1}tQ`, 'the id of a storage'],
  'an unknown storage class': [
    `(${text('storage')}ctorch\nQInt8Storage\n${text('0')}${text('cpu')}K\x04tQ`,
    '"torch.QInt8Storage"',
  ],
  'a storage of no class': [
    `(${text('storage')}${K1}${text('0')}${text('cpu')}K\x04tQ`,
    'the id of a storage',
  ],
  'a negative storage': [
    `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}J\xff\xff\xff\xfftQ`,
    'the id of a storage',
  ],
  'a storage that views another': [
    `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}K\x04)tQ`,
    'storages of their own',
  ],
  'a tensor of a number': [tensor(K0, ')', ')', K1), 'a tensor of a storage'],
  'a negative offset': [tensor('J\xff\xff\xff\xff', ')', ')'), 'an offset into a storage, got -1'],
  'an offset beyond the storage': [tensor(K4, ')', ')'), 'within their storage of 4 elements'],
  'a shape beyond the storage': [
    tensor(K0, `${K3}${K2}\x86`, `${K2}${K1}\x86`),
    'shape [3, 2] with strides [2, 1] from 0',
  ],
  'strides beyond the storage': [
    tensor(K0, `${K2}${K2}\x86`, `${K3}${K1}\x86`),
    'with strides [3, 1]',
  ],
  'a huge shape that repeats one element': [
    tensor(K0, `${HUGE}${HUGE}\x86`, `${K0}${K0}\x86`),
    'shape [2147483647, 2147483647] with strides [0, 0]',
  ],
  'a broken shape': [tensor(K0, `G?\xe0\0\0\0\0\0\0\x85`, `${K1}\x85`), 'a shape of at most 16'],
  'a shape of text': [tensor(K0, `${text('2')}\x85`, `${K1}\x85`), 'a shape of at most 16'],
  'a shape that is no list': [tensor(K0, K1, ')'), 'a shape of at most 16'],
  'seventeen dimensions': [
    tensor(K0, `(${K1.repeat(17)}t`, `(${K1.repeat(17)}t`),
    'a shape of at most 16',
  ],
  'fewer strides than dimensions': [tensor(K0, `${K2}${K2}\x86`, `${K1}\x85`), '2 strides for'],
  'a parameter of a number': [
    `ctorch._utils\n_rebuild_parameter\n(${K1}\x89}tR`,
    'a parameter of a tensor',
  ],
}

const bytesOf = (pickle: string): Uint8Array => checkpoint(pickle)

describe('a pickle is refused, with file and rule', () => {
  it.each(Object.entries(PICKLES))('%s', (_, [pickle, message]) => {
    const read = () => readWeights(bytesOf(pickle), 'folder/some.pth')
    expect(read).toThrow(FileError)
    expect(read).toThrow('folder/some.pth: expected ')
    expect(read).toThrow(message)
  })

  it('and a dict key that every object has is only a key', () => {
    const entries = readWeights(checkpoint(GOOD.replace(text('a'), text('__proto__'))), 'file')
    expect([...entries.keys()]).toEqual(['__proto__'])
  })
})

const DATA = Buffer.from(`\x80\x02${GOOD}.`, 'latin1')
const good = checkpoint(GOOD)
const altered = (at: number, value: number): Uint8Array => {
  const bytes = Uint8Array.from(good)
  bytes[at] = value
  return bytes
}
const CENTRAL_AT = Buffer.from(good).indexOf('PK\x01\x02', 0, 'latin1')

/** Each archive, and what its refusal says; some are found when a tensor is read. */
const ARCHIVES: Readonly<Record<string, readonly [bytes: Uint8Array, message: string]>> = {
  'cut off': [good.subarray(0, good.length - 1), 'a central directory at the end, got none'],
  'only a start': [good.subarray(0, 4), 'a zip archive, got 4 bytes'],
  compressed: [zip({ 'archive/data.pkl': DATA }, 8), 'stored without compression'],
  'without a pickle': [zip({ 'archive/version': DATA }), 'one data.pkl in the archive, got 0'],
  'with two pickles': [zip({ 'a/data.pkl': DATA, 'b/data.pkl': DATA }), 'one data.pkl in the'],
  'without its storage': [zip({ 'archive/data.pkl': DATA }), 'storage 0, got a file without it'],
  'with a short storage': [checkpoint(GOOD, 15), '16 bytes of storage 0, got 15'],
  'with a long storage': [checkpoint(GOOD, 17), '16 bytes of storage 0, got 17'],
  'of a big-endian machine': [
    zip({ 'a/data.pkl': DATA, 'a/data/0': new Uint8Array(16), 'a/byteorder': Buffer.from('big') }),
    'written on a little-endian machine',
  ],
  'of TorchScript': [
    zip({ 'a/data.pkl': DATA, 'a/constants.pkl': DATA }),
    'a state dict, got a TorchScript program',
  ],
  'with a damaged entry': [altered(CENTRAL_AT - 1, 1), 'entry archive/data/0 as its checksum'],
  'with a local header that is none': [altered(0, 0x50).fill(0, 4, 30), 'entry archive/data.pkl'],
  'with a directory that is none': [altered(CENTRAL_AT, 0), '2 entries in the central directory'],
  'with more entries than it has': [altered(good.length - 12, 9), '9 entries in the central'],
  'with an entry beyond the end': [altered(CENTRAL_AT + 45, 0x7f), 'at byte 2130706432'],
  'with an encrypted entry': [altered(CENTRAL_AT + 8, 1), 'in the clear, got an encrypted one'],
}

it.each(Object.entries(ARCHIVES))('an archive is refused: %s', (_, [bytes, message]) => {
  const read = () => {
    for (const entry of readWeights(bytes, 'some.pth').values()) entry.read()
  }
  expect(read).toThrow(FileError)
  expect(read).toThrow(message)
})

it.each([
  ['nothing', Uint8Array.of()],
  ['text', Buffer.from('<!doctype html><title>Not found</title>')],
  ['a bare pickle', Buffer.from('\x80\x02}.', 'latin1')],
])('what is no file of weights is refused: %s', (_, bytes) => {
  expect(() => readWeights(bytes, 'some.pth')).toThrow(
    'some.pth: expected a safetensors file or a PyTorch checkpoint, got neither',
  )
})
