/** The text of kernels, stored: a change of it shows. */

import { describe, expect, it } from 'vitest'
import { graph, input, type Value } from '../../graph/index.ts'
import * as ops from '../../ops/index.ts'
import { renderCuda } from './cuda.ts'
import { group } from './group.ts'
import type { GroupOptions, Rendered } from './kernel.ts'
import { renderWgsl } from './wgsl.ts'

const kernelsOf = (outputs: Readonly<Record<string, Value>>, options?: GroupOptions) =>
  group(graph(outputs), options).steps.flatMap(step =>
    step.kind === 'kernel' ? [step.kernel] : [],
  )

/** From the entry on: what comes before is the same in all. */
const bodyOf = ({ source }: Rendered): string =>
  source.slice(source.search(/@compute|extern "C"/)).replace(/^.*fn main[\s\S]*?\{\n/m, '')

const x = input('x', [2, 8, 4, 4])
const gate = input('gate', [2, 8, 1, 1])

describe('the text of', () => {
  it('a gate and ReLU', () => {
    const [kernel] = kernelsOf({ y: ops.relu(ops.mul(x, gate)) })
    expect(bodyOf(renderWgsl(kernel))).toMatchInlineSnapshot(`
      "@compute @workgroup_size(256)
        let number: i32 = i32(group.x + group.y * groups.x) * 256 + i32(local.x);
        if (number < 256) {
          let i1: i32 = number / 16;
          let i3: i32 = (number) % 16;
          b0[(16 * i1 + i3)] = relu((b1[(16 * i1 + i3)] * b2[i1]));
        }
      }
      "
    `)
    expect(bodyOf(renderCuda(kernel))).toMatchInlineSnapshot(`
      "extern "C" __global__ __launch_bounds__(256)
      void kernel(float* __restrict__ b0, const float* __restrict__ b1, const float* __restrict__ b2) {
        const int number = (int)(blockIdx.x + blockIdx.y * gridDim.x) * 256 + (int)threadIdx.x;
        if (number < 256) {
          const int i1 = number / 16;
          const int i3 = (number) % 16;
          b0[(16 * i1 + i3)] = relu((b1[(16 * i1 + i3)] * b2[i1]));
        }
      }
      "
    `)
  })

  it('a mean over space', () => {
    const [kernel] = kernelsOf({ y: ops.reduceMean(input('x', [2, 8, 16, 16]), [2, 3]) })
    expect(bodyOf(renderWgsl(kernel))).toMatchInlineSnapshot(`
      "@compute @workgroup_size(256)
        let at: i32 = i32(local.x) / 16;
        let own: i32 = i32(local.x) % 16;
        let number: i32 = i32(group.x + group.y * groups.x) * 16 + own;
        var total0_0: f32 = 0.0f;
        if (number < 16) {
          let i1: i32 = number;
          for (var step = at; step < 256; step += 16) {
            let i3: i32 = step;
            total0_0 = (total0_0 + b0[(256 * i1 + i3)]);
          }
        }
        shared0_0[at * 16 + own] = total0_0;
        workgroupBarrier();
        if (at < 8) {
          shared0_0[at * 16 + own] = (shared0_0[at * 16 + own] + shared0_0[at * 16 + own + 128]);
        }
        workgroupBarrier();
        if (at < 4) {
          shared0_0[at * 16 + own] = (shared0_0[at * 16 + own] + shared0_0[at * 16 + own + 64]);
        }
        workgroupBarrier();
        if (at < 2) {
          shared0_0[at * 16 + own] = (shared0_0[at * 16 + own] + shared0_0[at * 16 + own + 32]);
        }
        workgroupBarrier();
        if (at < 1) {
          shared0_0[at * 16 + own] = (shared0_0[at * 16 + own] + shared0_0[at * 16 + own + 16]);
        }
        workgroupBarrier();
        if (at == 0 && number < 16) {
          let i1: i32 = number;
          let folded0_0: f32 = shared0_0[at * 16 + own];
          b1[i1] = (folded0_0 * 0.00390625f);
        }
      }
      "
    `)
  })

  it('padding, which is not read', () => {
    const [kernel] = kernelsOf({ y: ops.pad(input('x', [5]), [1, 2], 7) })
    expect(bodyOf(renderWgsl(kernel))).toMatchInlineSnapshot(`
      "@compute @workgroup_size(256)
        let number: i32 = i32(group.x + group.y * groups.x) * 256 + i32(local.x);
        if (number < 8) {
          let i0: i32 = number;
          var v0: f32 = 7.0f;
          if ((i0 - 1) >= 0 && (i0 - 1) < 5) {
            v0 = b1[(i0 - 1)];
          }
          b0[i0] = v0;
        }
      }
      "
    `)
  })

  it('four elements a thread, where memory has them side by side', () => {
    const [wide] = kernelsOf({ y: ops.add(input('a', [65536]), input('b', [65536])) })
    expect(bodyOf(renderWgsl(wide))).toMatchInlineSnapshot(`
      "@compute @workgroup_size(256)
        let number: i32 = i32(group.x + group.y * groups.x) * 256 + i32(local.x);
        if (number < 16384) {
          let i0: i32 = (number) * 4;
          let w0: vec4<f32> = b1[i0 / 4];
          let w1: vec4<f32> = b2[i0 / 4];
          b0[i0 / 4] = vec4<f32>((w0.x + w1.x), (w0.y + w1.y), (w0.z + w1.z), (w0.w + w1.w));
        }
      }
      "
    `)
    const [narrow] = kernelsOf({ y: ops.mul(input('a', [65535]), 2) })
    expect(bodyOf(renderWgsl(narrow))).not.toContain('vec4')
  })

  it('layers of one shape is one, whatever their offsets', () => {
    const vector = input('vector', [300])
    const at = (from: number): Rendered => {
      const part = ops.slice(vector, [from], [from + 8])
      return renderWgsl(kernelsOf({ y: ops.mul(x, ops.reshape(part, [8, 1, 1])) })[0])
    }
    expect(at(8).source).toBe(at(200).source)
    expect([at(8).offsets, at(200).offsets]).toEqual([[8], [200]])
  })
})
