/** What Winograd's algorithm is chosen for. */

import { describe, expect, it } from 'vitest'
import type { Shape } from '../../../graph/index.ts'
import { winogradPays } from './winograd.ts'

const SAME = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 }

describe('what it is chosen for', () => {
  const pays = (x: Shape, weight: Shape, options: object = {}, still = false): boolean =>
    winogradPays(x, weight, [x[0], weight[0], x[2], x[3]], { ...SAME, ...options }, still)

  it('kernels of 3×3 at every place, with many channels and enough tiles', () => {
    expect(pays([8, 64, 56, 56], [64, 64, 3, 3])).toBe(true)
    expect(pays([4, 32, 16, 16], [32, 32, 3, 3])).toBe(true)
  })
  it('not few channels or tiles, where the transforms cost more', () => {
    expect(pays([128, 16, 32, 32], [16, 16, 3, 3])).toBe(false)
    expect(pays([8, 512, 7, 7], [512, 512, 3, 3])).toBe(false)
  })
  it('few tiles where the weights are transformed once for all', () => {
    expect(pays([1, 512, 7, 7], [512, 512, 3, 3], {}, true)).toBe(true)
  })
  it('no other kernel, stride, dilation or group', () => {
    expect(pays([8, 64, 56, 56], [64, 64, 5, 5])).toBe(false)
    expect(pays([8, 64, 56, 56], [64, 64, 3, 3], { strides: [2, 2] })).toBe(false)
    expect(pays([8, 64, 56, 56], [64, 64, 3, 3], { dilations: [2, 2] })).toBe(false)
    expect(pays([8, 64, 56, 56], [64, 2, 3, 3], { group: 32 })).toBe(false)
    expect(pays([8, 64, 56], [64, 64, 3], { strides: [1], dilations: [1] })).toBe(false)
  })
})
