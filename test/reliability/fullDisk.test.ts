/** A disk that is really full: said with what is needed and what is free, and nothing from before is lost. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { excite } from '../support/command.ts'
import { digestOf } from './kills.ts'

const TRAIN =
  'train resnet8 --samples 40,20 --size 16 --epochs 4 --batch 8 --threads 1 --device onnx'
/** Room for the first save, whose files and checkpoint are 1.3 MB, and not for the second. */
const SMALL = '1536k'

const disk = mkdtempSync(join(tmpdir(), 'excite-disk-'))

/** A file system of its own in memory, where this process may mount one. */
const mount = (options: string): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const mounted = mount(`size=${SMALL}`)

afterAll(() => {
  if (mounted) execFileSync('umount', [disk])
  rmSync(disk, { recursive: true })
})

it.skipIf(!mounted)('ends with 3 and loses nothing (needs the right to mount)', async () => {
  const full = await excite(disk, ...TRAIN.split(' '), '--out', 'run')
  expect(full.stderr).toMatch(/not saved, .*\n/)
  expect(full.stderr).toMatch(
    /excite: .*run\/.*: expected to write \d+ [kM]B, got ENOSPC: .*\(\d+ [kM]B free there/,
  )
  expect(full.code).toBe(3)

  mount('remount,size=16m')
  const resumed = await excite(disk, 'train', '--resume', 'run')
  expect(resumed.stderr).not.toContain('ignored')
  expect(resumed.code).toBe(0)
  const whole = await excite(disk, ...TRAIN.split(' '), '--out', 'whole')
  expect(whole.code).toBe(0)
  const [found, expected] = [await digestOf(join(disk, 'run')), await digestOf(join(disk, 'whole'))]
  for (const name of ['best.safetensors', 'last.safetensors', 'model.onnx', 'metrics.jsonl'])
    expect(found[name], name).toBe(expected[name])
})
