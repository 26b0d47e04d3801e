/** PyTorch checkpoints, recorded by test/parity/checkpoints.py: read right, and refused where wrong. */

import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Malformed, refuses } from '../../../test/support/malformed.ts'
import { FileError } from '../../errors/index.ts'
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
    const { entries } = readWeights(odd, 'odd')
    expect([...entries.keys()]).toEqual(Object.keys(ODD))
    for (const [name, [dtype, shape, data]] of Object.entries(ODD)) {
      const entry = entries.get(name)
      expect(entry, name).toMatchObject({ dtype, shape })
      expect(Array.from(entry?.read() ?? []), name).toEqual(data)
    }
  })

  it('is read from any place in a buffer', () => {
    const larger = Buffer.concat([Buffer.of(1, 2, 3), odd, Buffer.of(4)])
    const { entries } = readWeights(larger.subarray(3, 3 + odd.length), 'odd')
    expect(Array.from(entries.get('offset')?.read() ?? [])).toEqual(range(5, 11))
  })

  it('refuses a pickled module by the name of its class', () => {
    expect(() => readWeights(fixture(`module-${kind}`), 'folder/module.pth')).toThrow(
      'folder/module.pth: expected a dict of tensors, got the Python object torch.nn.modules.linear.Linear in place of weights. Save the weights alone',
    )
  })

  it('ends every damaged file in a typed error, or in tensors', () => {
    const untouched = Object.getOwnPropertyNames(Object.prototype)
    const read = (bytes: Uint8Array): void => {
      try {
        for (const entry of readWeights(bytes, 'file').entries.values()) entry.read()
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
  const { entries } = readWeights(checkpoint(GOOD), 'file')
  expect(entries.get('a')?.shape).toEqual([2, 2])
  expect(entries.get('a')?.read()).toEqual(new Float32Array(4))
})

const call = (module: string, name: string): string => `c${module}\n${name}\n)R`

/** A tuple of the last value twice, put in the memo: each doubles what a careless reader prints. */
const LAUGHS = `${K1}${'q\x00h\x00\x86'.repeat(60)}`
const ITSELF = ']q\x00h\x00a'

const PICKLES: Malformed<string> = {
  'os.system': [`cos\nsystem\n(${text('true')}tR`, 'the Python object os.system'],
  'posix.system': [call('posix', 'system'), 'the Python object posix.system'],
  'builtins.eval': [call('builtins', 'eval'), 'the Python object builtins.eval'],
  'builtins.getattr': [call('builtins', 'getattr'), 'the Python object builtins.getattr'],
  'subprocess.Popen': [call('subprocess', 'Popen'), 'the Python object subprocess.Popen'],
  'torch.load': [call('torch', 'load'), 'the Python object torch.load'],
  'torch.hub.load': [call('torch.hub', 'load'), 'the Python object torch.hub.load'],
  'a numpy scalar': [call('numpy.core.multiarray', 'scalar'), 'the Python object numpy scalar'],
  'a name of every object': [
    call('__proto__', 'constructor'),
    'the Python object __proto__.constructor',
  ],
  'a global by text': [`${text('os')}${text('system')}\x93`, 'the Python object os.system'],
  'a global of numbers': [`${K1}${K1}\x93`, 'the names of a global as text'],
  'a class that is called': [call('torch', 'FloatStorage'), 'the Python object torch.FloatStorage'],
  'a call of a number': [`${K1})R`, 'a call of a function, got number'],
  'a call without a tuple': ['ccollections\nOrderedDict\nNR', 'arguments as a tuple'],
  'an object by INST': ['(ios\nsystem\n', 'the Python object os.system'],
  'an object by OBJ': ['(cos\nsystem\no', 'the Python object os.system'],
  'an object by OBJ of nothing': ['(o', 'a call of a function, got undefined'],
  'an object by NEWOBJ': ['cos\nsystem\n)\x81', 'the Python object os.system'],
  'an object by NEWOBJ_EX': ['cos\nsystem\n)}\x92', 'the Python object os.system'],
  'an object by NEWOBJ of nothing': [')\x81', 'a value on the stack, got none'],
  'an extension': ['\x82\x01', 'the opcode 0x82'],
  'a text of protocol 0': ["S'a'\n", 'a dict of tensors, got string'],
  'a text without quotation marks': ['Sa\n', 'text in quotation marks, got "a"'],
  'a number of protocol 0 that is none': ['Ix\n', 'a whole number, got "x"'],
  'an unknown opcode': ['\xff', 'the opcode 0xff'],
  'a newer protocol': ['\x80\x06', 'a pickle of protocol 0 to 5, got 6'],
  'state for a number': [`${K1}${K1}b`, 'an object to give a state, got number'],
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
  'a dict without tensors': [`}${text('epoch')}${K3}s`, '1 entries without weights ("epoch")'],
  'a persistent number': [`${K1}Q`, 'the id of a storage, got number'],
  'a persistent module': [`(${text('module')}${K1}tQ`, 'the id of a storage'],
  'an unknown storage class': [
    `(${text('storage')}ctorch\nQInt8Storage\n${text('0')}${text('cpu')}K\x04tQ`,
    'the Python object torch.QInt8Storage',
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
  'a key that doubles sixty times': [`}${LAUGHS}${K1}s`, '1 entries without weights (a list)'],
  'an offset that doubles sixty times': [tensor(LAUGHS, ')', ')'), 'storage, got a list'],
  'a shape that holds itself': [tensor(K0, ITSELF, ')'), 'a shape of at most 16'],
  'a key that holds itself': [`}${ITSELF}${K1}s`, '1 entries without weights (a list)'],
  'a storage key of 200 characters': [
    tensor(K0, ')', ')', STORAGE.replace(text('0'), text('0'.repeat(200)))),
    'storage keys of at most 40 characters, got 200',
  ],
  'a storage of 2⁶² elements': [
    tensor(K0, ')', ')', STORAGE.replace('K\x04', `\x8a\x08${'\0'.repeat(7)}\x40`)),
    'the id of a storage',
  ],
  'a storage of a terabyte': [
    tensor(K0, ')', ')', STORAGE.replace('K\x04', '\x8a\x06\0\0\0\0\0\x01')),
    '4398046511104 bytes of storage 0, got 16',
  ],
  'a parameter of a number': [
    `ctorch._utils\n_rebuild_parameter\n(${K1}\x89}tR`,
    'a parameter of a tensor',
  ],
}

const SOME = 'folder/some.pth'
const readAll = (bytes: Uint8Array): void => {
  for (const entry of readWeights(bytes, SOME).entries.values()) entry.read()
}

describe('a pickle is refused, with file and rule', () => {
  refuses(
    PICKLES,
    pickle => readAll(checkpoint(pickle)),
    () => SOME,
  )

  it('and a dict key that every object has is only a key', () => {
    const { entries } = readWeights(checkpoint(GOOD.replace(text('a'), text('__proto__'))), 'file')
    expect([...entries.keys()]).toEqual(['__proto__'])
  })
})

const inDict = (...pairs: readonly (readonly [key: string, value: string])[]): string =>
  `}(${pairs.map(([key, value]) => `${text(key)}${value}`).join('')}u`

/** Values beside the weights that a training script leaves, none of which is made. */
const BESIDE: Readonly<Record<string, string>> = {
  'a Namespace': `cargparse\nNamespace\n)\x81}${text('lr')}${K1}sb`,
  'a NumPy scalar': `cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(${text('f8')}${K0}${K1}tR${text('x')}tR`,
  'a NumPy array': `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(${K0}t${text('b')}tR(${K1}tb`,
  'a device': `ctorch\ndevice\n(${text('cuda')}${K0}tR`,
  'a dtype': 'ctorch\nfloat32\n',
  'a set': `\x8f(${K1}${K2}\x90`,
  'a frozen set': `(${K1}${K2}\x91`,
  'a set of protocol 2': `c__builtin__\nset\n(](${K1}e\x85R`.replace('(]', ']'),
  bytes: `c_codecs\nencode\n(${text('ab')}${text('latin1')}tR`,
  'a defaultdict': `ccollections\ndefaultdict\n(c__builtin__\nlist\ntR(${text('a')}]u`,
  'a Counter': `ccollections\nCounter\n(}(${text('a')}${K2}utR`,
  'a datetime': `cdatetime\ndatetime\n(${text('x')}tR`,
  'a path': `cpathlib\nPosixPath\n(${text('x')}tR`,
  'a scheduler': `ctorch.optim.lr_scheduler\nStepLR\n)\x81}${text('last_epoch')}${K1}sb`,
  'a list of its own class': `cmine\nList\n)\x81(${K1}${K2}e`,
}

describe('weights beside', () => {
  it.each(Object.entries(BESIDE))('%s are read', (_, value) => {
    const { entries } = readWeights(checkpoint(inDict(['state_dict', GOOD], ['other', value])), 'f')
    expect([...entries.keys()]).toEqual(['a'])
  })

  it('names that are text of NumPy are names', () => {
    const name = `cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(${text('U1')}${K0}${K1}tRC\x04a\0\0\0tR`
    const { entries } = readWeights(checkpoint(GOOD.replace(text('a'), name)), 'f')
    expect([...entries.keys()]).toEqual(['a'])
  })
})

describe('the running average', () => {
  const both = checkpoint(
    inDict(['state_dict', GOOD], ['state_dict_ema', GOOD.replace(text('a'), text('b'))]),
  )
  const names = (bytes: Uint8Array, ema?: boolean) => {
    const { entries, notes } = readWeights(bytes, 'file', { ema })
    return [[...entries.keys()], notes]
  }

  it('is read where there is one, unless the weights are asked for, and said', () => {
    expect(names(both)).toEqual([
      ['b'],
      [expect.stringContaining('state_dict_ema; state_dict are')],
    ])
    expect(names(both, true)).toEqual(names(both))
    expect(names(both, false)).toEqual([['a'], [expect.stringContaining('without their running')]])
  })

  it('is refused where there is none', () => {
    expect(names(checkpoint(inDict(['model', GOOD])), false)).toEqual([['a'], []])
    expect(() => names(checkpoint(inDict(['model', GOOD])), true)).toThrow('a running average')
    expect(names(checkpoint(inDict(['ema_model', GOOD])))).toEqual([['a'], []])
    expect(() => names(checkpoint(inDict(['ema_model', GOOD])), false)).toThrow('got none')
  })
})

it('says what a checkpoint calls its network', () => {
  const arch = inDict(['state_dict', GOOD], ['arch', text('resnetblur50')])
  expect(readWeights(checkpoint(arch), 'f').architecture).toBe('resnetblur50')
  const args = `cargparse\nNamespace\n)\x81}${text('model')}${text('resnet18')}sb`
  const named = inDict(['model', GOOD], ['args', args])
  expect(readWeights(checkpoint(named), 'f').architecture).toBe('resnet18')
})

it('takes no longer for one tuple of pairs in many OrderedDicts', () => {
  const pairs = `(${`${K1}${K1}\x86`.repeat(3000)}tq\x01`
  const again = 'ccollections\nOrderedDict\nh\x01\x85R0'.repeat(3000)
  expect(() => readAll(checkpoint(`${pairs}${again}${GOOD}`))).toThrow(
    'the pairs of an OrderedDict',
  )
})

const DATA = Buffer.from(`\x80\x02${GOOD}.`, 'latin1')
const good = checkpoint(GOOD)
const altered = (at: number, value: number): Uint8Array => {
  const bytes = Uint8Array.from(good)
  bytes[at] = value
  return bytes
}
const CENTRAL_AT = Buffer.from(good).indexOf('PK\x01\x02', 0, 'latin1')

/** A ZIP64 directory of so many entries, its locator, and an end that says to look there. */
const end64 = (bytes: Uint8Array, count: bigint, at?: bigint): Uint8Array => {
  const [directory, locator] = [Buffer.alloc(56), Buffer.alloc(20)]
  const start = bytes.length - 22
  directory.write('PK\x06\x06', 'latin1')
  directory.writeBigUInt64LE(count, 32)
  directory.writeBigUInt64LE(BigInt(Buffer.from(bytes).readUInt32LE(start + 16)), 48)
  locator.write('PK\x06\x07', 'latin1')
  locator.writeBigUInt64LE(at ?? BigInt(start), 8)
  return Buffer.concat([bytes.subarray(0, start), directory, locator, bytes.subarray(start)])
}

/** Some are found when a tensor is read. */
const ARCHIVES: Malformed = {
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
  'with an entry of another name': [altered(30, 0x62), 'at byte 0, got an entry of another name'],
  'with a name of 64 kB, twice': [
    Buffer.from(
      Buffer.from(zip({ ['a'.repeat(65535)]: DATA, [`b${'a'.repeat(65534)}`]: DATA }))
        .toString('latin1')
        .replaceAll('ba', 'aa'),
      'latin1',
    ),
    `entry ${'a'.repeat(80)}… once, got it twice`,
  ],
  'with an entry twice': [
    Buffer.from(
      Buffer.from(zip({ 'a/data.pkl': DATA, 'b/data.pkl': DATA }))
        .toString('latin1')
        .replaceAll('b/data.pkl', 'a/data.pkl'),
      'latin1',
    ),
    'entry a/data.pkl once, got it twice',
  ],
  'with an extra field beyond its entry': [
    altered(CENTRAL_AT + 30, 8),
    /an extra field within its entry|a whole central directory|entries in the central directory/,
  ],
  'with a directory cut off': [altered(CENTRAL_AT + 33, 0xff), 'a whole central directory'],
  'with a directory beyond the end': [
    altered(good.length - 3, 0x7f),
    '2 entries in the central directory, got 0',
  ],
  'with a ZIP64 directory elsewhere': [end64(good, 2n, 4n), 'a ZIP64 directory where its locator'],
  'with a ZIP64 directory beyond the end': [end64(good, 2n, 2n ** 62n), 'an offset or size within'],
  'with 2⁶³ entries': [
    end64(good, 2n ** 63n),
    'an offset or size within the file’s'.replace('’', "'"),
  ],
  'with more ZIP64 entries than it has': [end64(good, 3n), '3 entries in the central directory'],
}

describe('an archive is refused', () => {
  refuses(ARCHIVES, readAll, () => SOME)
})

it('reads an archive by its ZIP64 directory', () => {
  expect([...readWeights(end64(good, 2n), 'file').entries.keys()]).toEqual(['a'])
})

const MAGIC = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'
const PROTOCOL = '\x80\x02M\xe9\x03.'
const FACTS = `\x80\x02}${text('little_endian')}\x88s.`
const OBJECT = `\x80\x02${GOOD}.`
const keys = (...all: string[]): string => `\x80\x02](${all.map(text).join('')}e.`
const count = (value: bigint): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes.toString('latin1')
}
const DATA16 = `${count(4n)}${'\0'.repeat(16)}`
const legacy = (...parts: string[]): Uint8Array => Buffer.from(parts.join(''), 'latin1')
const upTo = (...parts: string[]): Uint8Array => legacy(MAGIC, PROTOCOL, FACTS, ...parts)
const twice = (other: string): string =>
  `\x80\x02}(${text('a')}${GOOD.slice(1 + text('a').length, -1)}${text('b')}${GOOD.slice(
    1 + text('a').length,
    -1,
  ).replace(STORAGE, other)}u.`

const STREAMS: Malformed = {
  'its magic number and nothing else': [legacy(MAGIC), '1 more bytes from byte 15, got 0'],
  'a magic number that is computed': [
    legacy(MAGIC.replace('.', '0K\x01.'), PROTOCOL, FACTS),
    'the magic number of a PyTorch file, got another',
  ],
  'another protocol': [legacy(MAGIC, '\x80\x02M\xea\x03.', FACTS), 'protocol 1001, got 1002'],
  'a protocol of text': [legacy(MAGIC, `\x80\x02${text('a')}.`, FACTS), 'protocol 1001, got "a"'],
  'a protocol that doubles sixty times': [
    legacy(MAGIC, `\x80\x02${LAUGHS}.`, FACTS),
    'protocol 1001, got a list',
  ],
  'a protocol beyond any number': [
    legacy(MAGIC, `\x80\x02\x8a\x09${'\xff'.repeat(8)}\x7f.`, FACTS),
    'protocol 1001, got an integer beyond 2⁵³',
  ],
  'a call where the protocol is': [
    legacy(MAGIC, '\x80\x02cos\nsystem\n)R.', FACTS),
    'got the Python object "os.system"',
  ],
  'an OrderedDict where the protocol is': [
    legacy(MAGIC, '\x80\x02ccollections\nOrderedDict\n)R.', FACTS),
    '"collections.OrderedDict"',
  ],
  'a storage where the facts are': [
    legacy(MAGIC, PROTOCOL, `\x80\x02${K1}Q.`),
    'no storage in this place, got one',
  ],
  'no facts of the machine': [legacy(MAGIC, PROTOCOL), '1 more bytes from byte'],
  'a big-endian machine': [
    legacy(MAGIC, PROTOCOL, FACTS.replace('\x88', '\x89')),
    'a file written on a little-endian machine',
  ],
  'no object': [upTo(), '1 more bytes from byte'],
  'an object that is a number': [upTo(`\x80\x02${K1}.`, keys()), 'a dict of tensors, got number'],
  'an object that calls': [
    upTo('\x80\x02cposix\nsystem\n)R.', keys()),
    'the Python object posix.system',
  ],
  'no keys': [upTo(OBJECT), '1 more bytes from byte'],
  'keys that are no list': [upTo(OBJECT, `\x80\x02${K1}.`), 'a list of storage keys, got 1'],
  'keys in a dict': [upTo(OBJECT, '\x80\x02}.'), 'a list of storage keys, got a dict'],
  'an unknown key': [upTo(OBJECT, keys('1')), 'the keys of the storages, once each, got "1"'],
  'a key twice': [upTo(OBJECT, keys('0', '0'), DATA16, DATA16), 'once each, got "0"'],
  'a key that is a number': [upTo(OBJECT, `\x80\x02](${K0}e.`), 'once each, got 0'],
  'a key beyond any number': [
    upTo(OBJECT, `\x80\x02](\x8a\x09${'\xff'.repeat(8)}\x7fe.`),
    'once each, got an integer beyond 2⁵³',
  ],
  'a key that holds itself': [upTo(OBJECT, `\x80\x02](${ITSELF}e.`), 'once each, got a list'],
  'a key of every object': [upTo(OBJECT, keys('__proto__')), 'once each, got "__proto__"'],
  'a storage without a key': [upTo(OBJECT, keys()), 'storage 0, got a file without it'],
  'no bytes after the keys': [upTo(OBJECT, keys('0')), 'storage 0 at byte'],
  'half a count': [upTo(OBJECT, keys('0'), '\x04\0\0\0'), 'got the end of the file'],
  'a count of fewer': [upTo(OBJECT, keys('0'), count(3n)), '4 elements of storage 0, got 3'],
  'a count of more': [upTo(OBJECT, keys('0'), count(5n)), '4 elements of storage 0, got 5'],
  'a negative count': [upTo(OBJECT, keys('0'), count(-4n)), '4 elements of storage 0, got -4'],
  'a count of 2⁶²': [upTo(OBJECT, keys('0'), count(2n ** 62n)), 'got 4611686018427387904'],
  'elements cut off': [
    upTo(OBJECT, keys('0'), DATA16.slice(0, -1)),
    '16 bytes of storage 0, got 15',
  ],
  'a terabyte that is not there': [
    upTo(OBJECT.replace('K\x04', '\x8a\x06\0\0\0\0\0\x01'), keys('0'), count(2n ** 40n)),
    '4398046511104 bytes of storage 0, got 0',
  ],
  'a storage of two sizes': [
    upTo(twice(STORAGE.replace('K\x04', 'K\x05')), keys('0'), DATA16),
    'storage 0 as before, got of another type or size',
  ],
  'a storage of two types': [
    upTo(twice(STORAGE.replace('FloatStorage', 'IntStorage')), keys('0'), DATA16),
    'storage 0 as before, got of another type or size',
  ],
}

describe('a stream of the older format is refused', () => {
  refuses(STREAMS, readAll, () => SOME)
})

it('reads a stream made by hand', () => {
  const { entries } = readWeights(upTo(twice(STORAGE), keys('0'), DATA16), 'file')
  expect([...entries.values()].map(entry => [...entry.read()])).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ])
})

it.each([
  ['nothing', '', 'an empty file. Fetch it again'],
  ['a web page', '<!doctype html><title>Not found</title>', 'a web page. Download the file'],
  ['a pointer', 'version https://git-lfs.github.com/spec/v1\noid', 'a Git LFS pointer, which'],
  ['gzip', '\x1f\x8b\x08\0', 'a gzip archive. Unpack it first'],
  ['HDF5', '\x89HDF\r\n\x1a\n', 'an HDF5 file, as Keras writes'],
  ['an index', '{"metadata": {}, "weight_map": {}}', 'an index of shards'],
  ['JSON', '{"architectures": ["ResNet"]}', 'a JSON file'],
  ['a tar', `${'a'.repeat(257)}ustar`, 'a tar archive'],
  ['NumPy', '\x93NUMPY\x01', 'a NumPy file'],
  ['ONNX', '\x08\x08\x12\x07pytorch', 'an ONNX model. Run excite inspect'],
  ['a bare pickle', '\x80\x02}.', 'neither'],
])('what is no file of weights is named: %s', (_, text, got) => {
  expect(() => readWeights(Buffer.from(text, 'latin1'), 'some.pth')).toThrow(
    `some.pth: expected a safetensors file or a PyTorch checkpoint, got ${got}`,
  )
})
