/** The CUDA text of kernels of every operation, as the compilers that are here see it. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { graph, input, sizeOf, type Value } from '../../graph/index.ts'
import * as ops from '../../ops/index.ts'
import { apply, type Operation } from '../../ops/operation.ts'
import { type OperationName, operations } from '../../ops/table.ts'
import { type CpuDType, type Tensor, tensor } from '../../tensor/tensor.ts'
import { drawCase } from '../cases.testing.ts'
import { renderCuda } from './cuda.ts'
import { decompose } from './decompose.ts'
import { group } from './group.ts'
import { runProgram } from './interpret.testing.ts'
import type { KernelProgram } from './kernel.ts'
import { kindOf } from './operations.ts'
import { bytesOf, type KernelBuffer } from './placement.ts'

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array }
const STORED = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint32Array }

const work = mkdtempSync(join(tmpdir(), 'excite-cuda-'))
afterAll(() => rmSync(work, { recursive: true }))

const wide = (make: (x: Value) => Value, ...[name, shape, dtype]: Parameters<typeof input>) => {
  const x = input(name, shape, dtype)
  return { of: [x], result: make(x) }
}

/** Large enough that a thread does four elements, and that folds are done in parts. */
const WIDE: Readonly<Record<string, { of: readonly Value[]; result: Value }>> = {
  map: wide(x => ops.relu(ops.sub(x, 5)), 'w0', [65_536]),
  bytes: wide(x => ops.mul(ops.cast(x), 0.5), 'w1', [65_536], 'uint8'),
  bools: wide(x => ops.greater(x, 4), 'w2', [65_536]),
  rows: wide(x => ops.reduceMax(x, [1]), 'w3', [8, 16_384]),
  columns: wide(x => ops.reduceSum(x, [0]), 'w4', [16_384, 16]),
  planes: wide(
    x => ops.sub(x, ops.reduceMean(x, [2, 3], { keepDims: true })),
    'w5',
    [2, 16, 64, 64],
  ),
  channels: wide(
    x => ops.batchNormalization(x, ops.constant(2, [16]), ops.constant(1, [16])).output,
    'w6',
    [2, 16, 64, 64],
  ),
}

/** No kernel computes these: detectors run on the CPU's engines. */
const REFUSED: readonly string[] = ['topK', 'nonMaximumSuppression']

/** Whether kernels alone compute values: convolutions and products are an engine's own, as are sums of them. */
const areGenerated = (values: readonly Value[]): boolean =>
  decompose(graph(Object.fromEntries(values.entries()))).nodes.every(
    node => kindOf(node) !== 'library',
  )

/** One case of every operation that is generated, as one graph. */
const everything = () => {
  const feeds: Record<string, Tensor> = {}
  const outputs: Record<string, Value> = {}
  for (const name of Object.keys(operations) as OperationName[]) {
    if (REFUSED.includes(name)) continue
    const { inputs, attributes } = drawCase(name, 3)
    const values = inputs.map(({ shape, dtype, data }, i) => {
      feeds[`${name}_x${i}`] = tensor(ARRAYS[dtype as CpuDType].from(data), shape)
      return input(`${name}_x${i}`, shape, dtype)
    })
    const results = apply(operations[name] as Operation, values, attributes)
    if (areGenerated(results))
      for (const [i, result] of results.entries()) outputs[`${name}_y${i}`] = result
  }
  for (const [name, { of, result }] of Object.entries(WIDE)) {
    for (const { name: label = '', shape, dtype } of of) {
      const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7) % 11)
      feeds[label] = tensor(ARRAYS[dtype as CpuDType].from(numbers), shape)
    }
    outputs[name] = result
  }
  return { program: group(graph(outputs), { channelsLast: true }), feeds }
}

const { program, feeds } = everything()
const kernels = program.steps.flatMap(step => (step.kind === 'kernel' ? [step.kernel] : []))
const texts = [...new Set(kernels.map(kernel => renderCuda(kernel).source))]

/** All texts in one file: the helpers once, each kernel under a name of its own. */
const together = (): string => {
  const [helpers] = texts[0].split('extern "C"')
  const bodies = texts.map((text, i) =>
    text.slice(text.indexOf('extern "C"')).replace('void kernel(', `void kernel${i}(`),
  )
  return [helpers, ...bodies].join('\n')
}

/** Compilers are asked for whether they are there. */
const missing = (command: string): string | undefined =>
  spawnSync(command, ['--version']).status === 0 ? undefined : `no ${command}`

const run = (command: string, args: readonly string[]): string => {
  const { status, stderr, stdout } = spawnSync(command, args, { cwd: work, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout
}

/**
 * What CUDA gives a kernel, for a processor: the threads of a group are threads, and wait for each
 * other at barriers.
 */
const SHIM = `
#include <barrier>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>
#define __device__
#define __global__
#define __restrict__
#define __launch_bounds__(n)
#define __shared__ static
struct Three { unsigned x, y; };
struct float4 { float x, y, z, w; };
struct int4 { int x, y, z, w; };
struct uint4 { unsigned x, y, z, w; };
static float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
static uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
static thread_local Three threadIdx, blockIdx, gridDim;
static std::barrier<>* waiting;
static void __syncthreads() { waiting->arrive_and_wait(); }
static int __float_as_int(float x) { int i; std::memcpy(&i, &x, 4); return i; }
static float __int_as_float(int i) { float x; std::memcpy(&x, &i, 4); return x; }
static int min(int a, int b) { return a < b ? a : b; }
static void launch(Three grid, bool together, const std::function<void()>& run) {
  std::barrier<> all(256);
  waiting = &all;
  auto thread = [&](unsigned id) {
    gridDim = grid;
    threadIdx = {id, 0};
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x++) {
        blockIdx = {x, y};
        run();
        if (together) all.arrive_and_wait();
      }
  };
  if (!together) { for (unsigned id = 0; id < 256; id++) thread(id); return; }
  std::vector<std::thread> threads;
  for (unsigned id = 0; id < 256; id++) threads.emplace_back(thread, id);
  for (auto& one : threads) one.join();
}
`

/** A program that reads all buffers, launches all kernels, and writes all buffers. */
const host = ({ steps, buffers }: KernelProgram): string => {
  const launches = steps.flatMap((step, i) => {
    if (step.kind === 'library') return []
    const { source, bindings, offsets, groups, hasBarriers } = renderCuda(step.kernel)
    const args = bindings.map(
      ({ buffer }) => `(${pointerOf(source, bindings, buffer)})b[${buffer.id}]`,
    )
    const table = offsets.length === 0 ? '' : `static const int offsets${i}[] = {${offsets}};`
    if (offsets.length > 0) args.push(`offsets${i}`)
    return `  ${table} launch({${groups[0]}, ${groups[1]}}, ${hasBarriers}, [&] { kernel${texts.indexOf(source)}(${args}); });`
  })
  return `int main() {
  static char* b[${buffers.length}];
  const long sizes[] = {${buffers.map(buffer => Math.max(4, bytesOf(buffer)))}};
  FILE* in = fopen("in", "rb");
  for (int i = 0; i < ${buffers.length}; i++) { b[i] = new char[sizes[i]]; if (fread(b[i], 1, sizes[i], in) != sizes[i]) return 1; }
${launches.join('\n')}
  FILE* out = fopen("out", "wb");
  for (int i = 0; i < ${buffers.length}; i++) fwrite(b[i], 1, sizes[i], out);
  return fclose(out);
}`
}

/** The type of a parameter, read off the text. */
const pointerOf = (
  source: string,
  bindings: readonly { readonly buffer: KernelBuffer }[],
  buffer: KernelBuffer,
): string => {
  const name = `b${bindings.findIndex(binding => binding.buffer === buffer)}`
  return new RegExp(`((?:const )?\\w+\\*) __restrict__ ${name}[,)]`).exec(source)?.[1] ?? ''
}

const contentsOf = (buffer: KernelBuffer): Uint8Array => {
  const data = new STORED[buffer.element](
    Math.max(4, bytesOf(buffer)) / (buffer.element === 'uint8' ? 1 : 4),
  )
  if (buffer.input !== undefined) data.set(feeds[buffer.input].data)
  else if (buffer.constant?.length === 1) data.fill(buffer.constant[0])
  else if (buffer.constant !== undefined) data.set(buffer.constant)
  else data.fill(Number.NaN)
  return new Uint8Array(data.buffer)
}

describe('CUDA C++', () => {
  const noCompiler = missing('nvcc')
  it.skipIf(noCompiler !== undefined)(
    `is compiled by nvcc${noCompiler ? ` (${noCompiler})` : ''}`,
    () => {
      writeFileSync(join(work, 'kernels.cu'), together())
      run('nvcc', [
        '-Werror',
        'all-warnings',
        '-Xcudafe',
        '--diag_suppress=177',
        '-ptx',
        'kernels.cu',
      ])
      expect(readFileSync(join(work, 'kernels.ptx'), 'utf8').match(/\.entry kernel/g)).toHaveLength(
        texts.length,
      )
    },
    120_000,
  )

  const noProcessor = missing('g++')
  it.skipIf(noProcessor !== undefined)(
    `computes what loops do, compiled for a processor${noProcessor ? ` (${noProcessor})` : ''}`,
    async () => {
      writeFileSync(join(work, 'all.cpp'), [SHIM, together(), host(program)].join('\n'))
      run('g++', ['-std=c++20', '-pthread', '-w', 'all.cpp', '-o', 'all'])
      const contents = program.buffers.map(contentsOf)
      writeFileSync(join(work, 'in'), Buffer.concat(contents))
      run('./all', [])
      const out = readFileSync(join(work, 'out'))
      const wanted = await runProgram(program, feeds)
      const starts = program.buffers.map((_, i) =>
        contents.slice(0, i).reduce((sum, { length }) => sum + length, 0),
      )
      for (const [name, { buffer, offset }] of Object.entries(program.outputs)) {
        const array = STORED[buffer.element]
        const bytes = out.subarray(starts[buffer.id] + offset * array.BYTES_PER_ELEMENT)
        const got = new array(new Uint8Array(bytes).buffer, 0, wanted[name].length)
        for (const [i, value] of wanted[name].entries())
          if (!(Math.abs(got[i] - value) <= 1e-5 + 1e-4 * Math.abs(value)))
            expect.fail(`${name}[${i}]: got ${got[i]}, the loops have ${value}`)
      }
    },
    120_000,
  )
})
