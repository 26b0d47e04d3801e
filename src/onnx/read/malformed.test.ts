/** Files that are no models, named by the rule that they break: each refused by it, and where. */

import { describe, expect, it } from 'vitest'
import { FileError } from '../../errors/index.ts'
import {
  attribute,
  bytesOf,
  float32,
  good,
  int,
  letters,
  loose,
  model,
  node,
  ones,
  opset,
  part,
  problem,
  raw,
  relu,
  tensor,
  text,
  two,
  typed,
  value,
  withAttribute,
  withTensor,
  x,
  y,
} from './parts.testing.ts'

/** By rule: the file, what is expected of it, and where it fails. */
const MALFORMED: Readonly<Record<string, readonly [Uint8Array, rule: string, place: string]>> = {
  'an empty file': [new Uint8Array(), 'an ONNX model, got an empty file', 'byte 0'],
  text: [letters('hello, this is no model at all'), 'an ONNX model, got text', 'byte 0'],
  'a web page': [letters('<!doctype html>'), 'an ONNX model, got a web page', 'byte 0'],
  'a PNG image': [Uint8Array.of(0x89, 80, 78, 71, 13, 10), 'got a PNG image', 'byte 0'],
  'a ZIP archive': [Uint8Array.of(80, 75, 3, 4, 20, 0), 'got a ZIP archive', 'byte 0'],
  'a pointer of Git LFS': [
    letters('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'),
    'got a pointer of Git LFS',
    'byte 0',
  ],
  'zeros only': [new Uint8Array(64), 'a field numbered 1 to 536870911, got 0', 'byte 1'],
  'a number that is cut off': [Uint8Array.of(8, 0x80), 'a number that ends within', 'ir_version'],
  'a number without end': [
    Uint8Array.of(8, ...new Array(11).fill(0xff), 1),
    'a number of at most ten bytes',
    'ir_version',
  ],
  'a group, which ONNX has none of': [
    bytesOf(int(1, 8), loose(0x3b)),
    'a field that is a number or bytes',
    'byte 3',
  ],
  'a message longer than the file': [
    bytesOf(int(1, 8), loose(0x3a, 100, 1)),
    '100 bytes from here, got 1',
    'graph',
  ],
  'a message one byte longer than the file': [
    bytesOf(int(1, 8), loose(0x3a, 2, 1)),
    '2 bytes from here, got 1',
    'graph',
  ],
  'a name one byte longer than its node': [
    bytesOf(int(1, 8), part(7, part(1, loose(0x1a, 3, 65, 66)), value(12, 'y')), opset),
    '3 bytes from here, got 2',
    'graph.node[0].name',
  ],
  'a float one byte longer than its attribute': [
    bytesOf(int(1, 8), part(7, part(1, attribute(loose(0x15, 0, 0, 0)), text(4, 'Relu'))), opset),
    '4 bytes from here, got 3',
    'graph.node[0].attribute[0].f',
  ],
  'a message of 2^60 bytes': [
    bytesOf(int(1, 8), loose(0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10)),
    '1152921504606847000 bytes from here, got 0',
    'graph',
  ],
  'a message of negative length': [
    bytesOf(int(1, 8), loose(0x3a, ...new Array(9).fill(0xff), 1)),
    'bytes from here',
    'graph',
  ],
  'an unknown field longer than the file': [
    bytesOf(int(1, 8), loose(0xfa, 7, 50, 1)),
    '50 bytes from here, got 1',
    'byte 5',
  ],
  'half a float': [
    bytesOf(part(7, part(1, attribute(loose(0x15, 0, 0))))),
    '4 bytes from here, got 2',
    'graph.node[0].attribute[0].f',
  ],
  'a number where bytes belong': [bytesOf(int(7, 1)), 'wire type 2, got 0', 'graph'],
  'bytes where a number belongs': [bytesOf(text(1, 'eight')), 'wire type 0, got 2', 'ir_version'],
  'a name that is not UTF-8': [
    model(part(1, raw(3, 0xff, 0xfe))),
    'text in UTF-8',
    'graph.node[0].name',
  ],
  'a second graph': [bytesOf(int(1, 8), part(7), part(7)), 'one of it, got a second', 'graph'],
  'no version of the format': [bytesOf(part(7), opset), 'a version from 1, got 0', 'ir_version'],
  'no graph': [bytesOf(int(1, 8), opset), 'a graph, got none', 'graph'],
  'no operator set': [bytesOf(int(1, 8), part(7)), 'the versions of its operator', 'opset_import'],
  'an operator set twice': [
    bytesOf(int(1, 8), part(7), opset, part(8, text(1, 'ai.onnx'), int(2, 17))),
    'each domain once',
    'opset_import[1]',
  ],
  'an operator set without version': [
    bytesOf(int(1, 8), part(7), part(8, text(1, ''))),
    'a version from 1, got 0',
    'opset_import[0]',
  ],
  'a key of the metadata twice': [
    bytesOf(int(1, 8), part(7), opset, part(14, text(1, 'a')), part(14, text(1, 'a'))),
    'each key once, got "a" again',
    'metadata_props[1]',
  ],
  'a node without operator': [
    model(part(1, text(2, 'y')), x, y),
    'an operator, got none',
    'graph.node[0]',
  ],
  'an input that nothing makes': [
    model(node(['z'], ['y']), x, y),
    'inputs that the graph is given or makes, got "z"',
    'graph.node[0]',
  ],
  'a node that takes its own output': [
    model(node(['y'], ['y']), x, y),
    'a graph without cycles, got "y"',
    'graph.node[0]',
  ],
  'a cycle of three nodes': [
    model(node(['c'], ['a']), node(['a'], ['b']), node(['b'], ['c']), x, value(12, 'c')),
    'a graph without cycles, got "c"',
    'graph.node[0]',
  ],
  'nodes out of order': [
    model(node(['a'], ['y']), node(['x'], ['a']), x, y),
    'nodes in the order of computation',
    'graph.node[0]',
  ],
  'a value that two nodes make': [
    model(relu, relu, x, y),
    'outputs that nothing else makes, got "y"',
    'graph.node[1]',
  ],
  'a node that makes an input': [
    model(node(['x'], ['x']), x, value(12, 'x')),
    'outputs that nothing else makes',
    'graph.node[0]',
  ],
  'an output that nothing makes': [
    model(relu, x, value(12, 'z')),
    'an output that the graph makes, got "z"',
    'graph.output[0]',
  ],
  'an input twice': [model(relu, x, x, y), 'a name of its own', 'graph.input[1]'],
  'an output twice': [model(relu, x, y, y), 'a name of its own', 'graph.output[1]'],
  'an input without name': [model(relu, x, value(11, ''), y), 'a name, got none', 'graph.input[1]'],
  'a dimension below zero': [
    model(relu, value(11, 'x', typed(part(1, int(1, -7)))), y),
    'dimensions of at least 0, got -7',
    'graph.input[0]',
  ],
  'a dimension that is number and name': [
    model(relu, value(11, 'x', typed(part(1, int(1, 7), text(2, 'N')))), y),
    'one that is both',
    'graph.input[0]',
  ],
  'a value of unknown type': [
    model(relu, value(11, 'x', part(2, part(1, int(1, 99)))), y),
    'a known type of elements (1 to 24), got 99',
    'graph.input[0]',
  ],
  'an initializer without name': [
    model(relu, x, y, part(5, two, float32, raw(9, ...ones))),
    'a name, got none',
    'graph.initializer[0]',
  ],
  'an initializer twice': [
    model(
      relu,
      x,
      y,
      tensor('w', float32, raw(9, 0, 0, 0, 0)),
      tensor('w', float32, raw(9, 0, 0, 0, 0)),
    ),
    'a name of its own, got "w"',
    'graph.initializer[1]',
  ],
  'fewer bytes than the shape has': [
    withTensor(two, float32, raw(9, 0, 0, 0, 0)),
    '8 bytes for float32 [2], got 4',
    'graph.initializer[0]',
  ],
  'more bytes than the shape has': [
    withTensor(int(1, 1), float32, raw(9, ...ones)),
    '4 bytes for float32 [1], got 8',
    'graph.initializer[0]',
  ],
  'a terabyte declared': [
    withTensor(int(1, 2 ** 20), int(1, 2 ** 18), float32, raw(9, ...ones)),
    'at most 2147483647 elements',
    'graph.initializer[0]',
  ],
  'sizes whose product wraps around': [
    withTensor(int(1, 2 ** 31), int(1, 2 ** 31), int(1, 4), float32, raw(9, ...ones)),
    'dimensions from 0 to 2147483647, got 2147483648',
    'graph.initializer[0]',
  ],
  'a negative size': [
    withTensor(int(1, -2), float32, raw(9, ...ones)),
    'dimensions from 0 to 2147483647, got -2',
    'graph.initializer[0]',
  ],
  'elements of unknown type': [
    withTensor(two, int(2, 200), raw(9, ...ones)),
    'a known type of elements (1 to 24), got 200',
    'graph.initializer[0]',
  ],
  'elements of no type': [withTensor(two, raw(9, ...ones)), 'got none', 'graph.initializer[0]'],
  'numbers in the field of another type': [
    withTensor(two, float32, raw(7, 1, 2)),
    'float32 in raw_data or float_data, got int64_data',
    'graph.initializer[0]',
  ],
  'numbers in two places': [
    withTensor(two, float32, raw(4, ...ones), raw(9, ...ones)),
    'got float_data and raw_data',
    'graph.initializer[0]',
  ],
  'fewer numbers than the shape has': [
    withTensor(two, int(2, 7), raw(7, 1)),
    '2 numbers for int64 [2], got 1',
    'graph.initializer[0]',
  ],
  'numbers that are cut off': [
    withTensor(two, int(2, 7), raw(7, 1, 2, 0x80)),
    'numbers that end within their field',
    'graph.initializer[0]',
  ],
  'numbers of eleven bytes': [
    withTensor(two, int(2, 7), raw(7, ...new Array(10).fill(0x80), 1, 1)),
    'numbers of at most ten bytes',
    'graph.initializer[0]',
  ],
  'strings as raw data': [
    withTensor(two, int(2, 8), raw(9, 1, 2)),
    'strings in string_data',
    'graph.initializer[0]',
  ],
  'numbers in another file': [
    withTensor(
      two,
      float32,
      int(14, 1),
      part(13, text(1, 'location'), text(2, '../../etc/passwd')),
    ),
    'a tensor whose numbers are in the file, got one that names another file',
    'graph.initializer[0]',
  ],
  'a part of a tensor': [
    withTensor(two, float32, part(3, int(1, 0), int(2, 1)), raw(9, ...ones)),
    'a whole tensor, got a segment of one',
    'graph.initializer[0]',
  ],
  'a sparse initializer': [
    model(relu, x, y, part(15, text(1, ''))),
    'dense initializers, got sparse ones',
    'graph.sparse_initializer',
  ],
  'an attribute without name': [
    withAttribute(int(3, 1), int(20, 2)),
    'a name, got none',
    'graph.node[0].attribute[0]',
  ],
  'an attribute twice': [
    model(
      node(
        ['x'],
        ['y'],
        'Relu',
        ...[0, 1].map(() => attribute(text(1, 'a'), int(3, 1), int(20, 2))),
      ),
      x,
      y,
    ),
    'a name of its own, got "a"',
    'graph.node[0].attribute[1]',
  ],
  'an attribute of unknown type': [
    withAttribute(text(1, 'a'), int(20, 77)),
    'a type of 1 to 14, got 77',
    'graph.node[0].attribute[0]',
  ],
  'an attribute of another type': [
    withAttribute(text(1, 'a'), int(3, 1), int(20, 1)),
    'a value in f, got one in i',
    'graph.node[0].attribute[0]',
  ],
  'an attribute without type or value': [
    withAttribute(text(1, 'a')),
    'a type, or a value, got neither',
    'graph.node[0].attribute[0]',
  ],
  'a tensor attribute without tensor': [
    withAttribute(text(1, 'a'), int(20, 4)),
    'a value in t, got none',
    'graph.node[0].attribute[0]',
  ],
  'a reference outside of a function': [
    withAttribute(text(1, 'a'), text(21, 'b'), int(20, 2)),
    'a value, got a reference to one of a function',
    'graph.node[0].attribute[0]',
  ],
  'a fault in a graph within a graph': [
    withAttribute(text(1, 'body'), part(6, node(['nowhere'], ['z'])), int(20, 5)),
    'inputs that the graph is given or makes, got "nowhere"',
    'graph.node[0].attribute[0].g.node[0]',
  ],
  'a name that would clear the terminal': [
    model(node(['\x1b[2J\u202e'], ['y']), x, y),
    'got "\\u001b[2J\\u202e"',
    'graph.node[0]',
  ],
  'a missing name of 64 kB': [
    model(node(['n'.repeat(65_536)], ['y']), x, y),
    `got "${'n'.repeat(80)}…"`,
    'graph.node[0]',
  ],
}

describe('a malformed file', () => {
  const rules = Object.entries(MALFORMED)

  it('has at least forty ways to be so', () => expect(rules.length).toBeGreaterThanOrEqual(40))

  it.each(rules)('%s: names file, rule and place', (_, [bytes, rule, place]) => {
    const start = performance.now()
    const error = problem(bytes)
    expect(performance.now() - start).toBeLessThan(1000)
    expect(error).toBeInstanceOf(FileError)
    expect(error.message).toContain('some.onnx: expected')
    expect(error.message).toContain(rule)
    expect(error.context).toContain(place)
    expect(error.message.length).toBeLessThan(500)
  })

  it('cut off anywhere is refused', () => {
    for (let length = 0; length < good.length; length++)
      // The opset, which comes last, is left out whole: that is another rule.
      expect(problem(good.subarray(0, length))).toBeInstanceOf(FileError)
  })
})
