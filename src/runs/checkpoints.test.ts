/** Checkpoints under every fault: what was committed stays, and the next save works. */

import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { failureOf as fault, watchDisk } from '../../test/support/disk.ts'
import { folderInMemory } from '../../test/support/memory.ts'
import { ExciteError, FileError, SaveError } from '../errors/index.ts'
import { disk } from '../platform/node/files.ts'
import { type Checkpoint, openCheckpoints } from './checkpoints.ts'

const newFolder = async (): Promise<string> => {
  const folder = await folderInMemory()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const checkpointOf = (step: number): Checkpoint => ({
  step,
  files: new Map([
    ['weights.safetensors', Buffer.from(`weights of step ${step}, `.repeat(20))],
    ['progress.json', Buffer.from(`{"step":${step}}`)],
  ]),
})

/** Takes a checkpoint as it is. */
const same = (checkpoint: Checkpoint): Checkpoint => checkpoint

const FILES = [...checkpointOf(0).files.keys(), 'MANIFEST.json']

const folderOf = (step: number): string => `step-${String(step).padStart(8, '0')}`

/** A folder with these steps committed. */
const saved = async (...steps: number[]): Promise<string> => {
  const folder = await newFolder()
  const checkpoints = await openCheckpoints(folder)
  for (const step of steps) await checkpoints.save(checkpointOf(step))
  return folder
}

/** The newest checkpoint as a process finds it that starts now, and what it is warned of. */
const found = async (folder: string) => {
  const warnings: string[] = []
  const checkpoints = await openCheckpoints(folder, { warn: message => warnings.push(message) })
  const latest = await checkpoints.latest(same).catch((error: unknown) => {
    expect(error).toBeInstanceOf(FileError)
    return undefined
  })
  return { latest, warnings }
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('saving', () => {
  it('gives back the newest, whatever the order of saving', async () => {
    const folder = await saved(7, 100_000_001, 99_999_999)
    expect(await found(folder)).toEqual({ latest: checkpointOf(100_000_001), warnings: [] })
    expect((await readdir(folder)).sort()).toEqual(
      ['step-00000007', 'step-100000001', 'step-99999999'].sort(),
    )
  })

  it('makes its folder, which holds nothing at first', async () => {
    const folder = join(await newFolder(), 'run', 'checkpoints')
    expect(await found(folder)).toEqual({ latest: undefined, warnings: [] })
    expect(await readdir(folder)).toEqual([])
  })

  it('takes step 0, no files and empty files', async () => {
    const folder = await newFolder()
    const checkpoints = await openCheckpoints(folder)
    const empty = { step: 0, files: new Map([['empty', Buffer.of()]]) }
    await checkpoints.save(empty)
    expect(await checkpoints.latest(same)).toEqual(empty)
    await checkpoints.save({ step: 1, files: new Map() })
    expect(await checkpoints.latest(same)).toEqual({ step: 1, files: new Map() })
  })

  it('never touches a step that is there', async () => {
    const folder = await saved(3)
    const checkpoints = await openCheckpoints(folder)
    await checkpoints.save({ step: 3, files: new Map([['other', Buffer.of(1)]]) })
    expect(await checkpoints.latest(same)).toEqual(checkpointOf(3))
  })

  it('writes a manifest of the sizes and hashes', async () => {
    const folder = await saved(2)
    const manifest = await readFile(join(folder, folderOf(2), 'MANIFEST.json'), 'utf8')
    expect(JSON.parse(manifest)).toEqual({
      format: 1,
      step: 2,
      files: {
        'weights.safetensors': { bytes: 380, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        'progress.json': { bytes: 10, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    })
  })

  it('leaves other things in the folder alone', async () => {
    const folder = await saved(1)
    await writeFile(join(folder, 'notes.txt'), 'mine')
    await mkdir(join(folder, 'step-final'))
    const checkpoints = await openCheckpoints(folder)
    expect(await checkpoints.latest(same)).toEqual(checkpointOf(1))
    await checkpoints.prune(0, [])
    expect((await readdir(folder)).sort()).toEqual(['notes.txt', 'step-final'])
  })
})

it('removes what an interrupted save left behind', async () => {
  const folder = await saved(1)
  const left = join(folder, `tmp-${folderOf(2)}`)
  await mkdir(left)
  await writeFile(join(left, 'weights.safetensors'), 'half of th')
  expect(await found(folder)).toEqual({ latest: checkpointOf(1), warnings: [] })
  expect(await readdir(folder)).toEqual([folderOf(1)])
})

describe('pruning', () => {
  it.each([
    [2, [], [4, 5]],
    [2, [1, 4], [1, 4, 5]],
    [1, [9], [5]],
    [0, [], []],
    [0, [2], [2]],
    [9, [], [1, 2, 3, 4, 5]],
  ])('to the newest %i and steps %j leaves %j', async (count, keep, left) => {
    const folder = await saved(1, 2, 3, 4, 5)
    await (await openCheckpoints(folder)).prune(count, keep)
    expect((await readdir(folder)).sort()).toEqual(left.map(folderOf))
  })

  it('does not count damaged ones among those to keep', async () => {
    const folder = await saved(10, 20, 30)
    for (const step of [20, 30]) await rm(join(folder, folderOf(step), 'progress.json'))
    const checkpoints = await openCheckpoints(folder)
    await checkpoints.save(checkpointOf(15))
    await checkpoints.prune(2, [])
    expect(await checkpoints.latest(same)).toEqual(checkpointOf(15))
  })
})

describe('damage', () => {
  const DAMAGES: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    missing: path => rm(path),
    empty: path => truncate(path, 0),
    truncated: async path => truncate(path, (await readFile(path)).length - 1),
    longer: async path => writeFile(path, 'x', { flag: 'a' }),
    altered: async path => {
      const bytes = await readFile(path)
      bytes[0] ^= 1
      await writeFile(path, bytes)
    },
    'a folder': async path => {
      await rm(path)
      await mkdir(path)
    },
  }

  for (const name of FILES)
    it.each(Object.entries(DAMAGES))(
      `${name} that is %s is passed over, named`,
      async (_, damage) => {
        const folder = await saved(1, 2)
        const path = join(folder, folderOf(2), name)
        await damage(path)
        const { latest, warnings } = await found(folder)
        expect(latest).toEqual(checkpointOf(1))
        expect(warnings).toHaveLength(1)
        expect(warnings[0]).toContain(`checkpoint ignored: ${path}`)

        await (await openCheckpoints(folder)).save(checkpointOf(2))
        expect(await found(folder)).toEqual({ latest: checkpointOf(2), warnings: [] })
      },
    )

  it('of all leaves none, with a warning for each', async () => {
    const folder = await saved(1, 2, 3)
    for (const step of [1, 2, 3]) await rm(join(folder, folderOf(step), 'progress.json'))
    const { latest, warnings } = await found(folder)
    expect(latest).toBeUndefined()
    await expect((await openCheckpoints(folder)).latest(same)).rejects.toThrow(
      `${folder}: expected a checkpoint to go on from, got 3 that cannot be used (${join(folder, folderOf(3), 'progress.json')} is missing). Restore one`,
    )
    expect(warnings).toEqual(
      [3, 2, 1].map(
        step => `checkpoint ignored: ${join(folder, folderOf(step), 'progress.json')} is missing`,
      ),
    )
  })

  it.each([
    ['missing', 'is missing'],
    ['truncated', 'has 379 bytes, not 380'],
    ['altered', 'does not have the hash of its manifest'],
  ])('says how: %s', async (damage, message) => {
    const folder = await saved(1)
    const path = join(folder, folderOf(1), 'weights.safetensors')
    await DAMAGES[damage](path)
    expect((await found(folder)).warnings).toEqual([`checkpoint ignored: ${path} ${message}`])
  })

  it('of any byte of a manifest gives the checkpoint as it was, or the one before', async () => {
    const folder = await saved(1, 2)
    const path = join(folder, folderOf(2), 'MANIFEST.json')
    const good = await readFile(path)
    for (const at of good.keys()) {
      const bytes = Buffer.from(good)
      bytes[at] ^= 1
      await writeFile(path, bytes)
      const { latest, warnings } = await found(folder)
      expect(latest, `byte ${at}`).toEqual(checkpointOf(warnings.length === 0 ? 2 : 1))
    }
  })

  it('of a folder renamed to another step is named', async () => {
    const folder = await saved(1, 2)
    await disk.rename(join(folder, folderOf(2)), join(folder, folderOf(5)))
    const { latest, warnings } = await found(folder)
    expect(latest).toEqual(checkpointOf(1))
    expect(warnings).toEqual([
      `checkpoint ignored: ${join(folder, folderOf(5), 'MANIFEST.json')} belongs to step 2`,
    ])
  })
})

interface Fault {
  readonly code: 'ENOSPC' | 'EIO' | 'EACCES' | 'EMFILE'
  /** A write that fails leaves half a file; or everything is done, and then fails. */
  readonly when: 'before' | 'after'
  /** Once, or from then on. */
  readonly lasting: boolean
}

const FAULTS: readonly Fault[] = (['ENOSPC', 'EIO', 'EACCES', 'EMFILE'] as const).flatMap(code =>
  [false, true].flatMap(lasting =>
    (['before', 'after'] as const).map((when): Fault => ({ code, when, lasting })),
  ),
)

/** The real disk until `at` calls after it was armed; of those, the ones that make or remove something. */
const failingDisk = ({ code, when, lasting }: Fault) => {
  let calls = 0
  let at = Number.POSITIVE_INFINITY
  const undo = watchDisk(disk, async ({ name, path, content }, work) => {
    if (name === 'close' || name === 'stat') return work()
    calls++
    if (calls !== at && !(lasting && calls > at)) return work()
    if (when === 'after') {
      const done = await work()
      if (name === 'open') await (done as FileHandle).close()
    } else if (name === 'writeFile')
      await writeFile(path, (content as Uint8Array).subarray(0, content!.length / 2))
    throw fault(code)
  })
  onTestFinished(undo)
  const arm = (next: number): void => {
    calls = 0
    at = next
  }
  return { arm, calls: () => calls, undo }
}

/** How many calls of the disk a save makes. */
const callsOfSave = async (): Promise<number> => {
  const folder = await saved(1)
  const { arm, calls, undo } = failingDisk(FAULTS[0])
  const checkpoints = await openCheckpoints(folder)
  arm(Number.POSITIVE_INFINITY)
  await checkpoints.save(checkpointOf(2))
  undo()
  return calls()
}

describe('a disk that fails', () => {
  it('is asked to sync every file and both folders, in the order that makes a save last', async () => {
    const folder = await newFolder()
    const asked: string[] = []
    const checkpoints = await openCheckpoints(folder)
    onTestFinished(
      watchDisk(disk, async ({ name, path }, work) => {
        if (!['close', 'readdir'].includes(name))
          asked.push(`${name} ${path.slice(folder.length + 1)}`)
        return work()
      }),
    )
    asked.length = 0
    await checkpoints.save(checkpointOf(1))
    const temporary = `tmp-${folderOf(1)}`
    expect(asked).toEqual([
      `rm ${temporary}`,
      `mkdir ${temporary}`,
      ...FILES.flatMap(name =>
        ['open', 'writeFile', 'sync'].map(call => `${call} ${temporary}/${name}`),
      ),
      `open ${temporary}`,
      `sync ${temporary}`,
      `rename ${temporary}`,
      'open ',
      'sync ',
    ])
    asked.length = 0
    await checkpoints.save(checkpointOf(1))
    expect(asked.filter(call => !/^(open|stat|readFile) /.test(call))).toEqual([])
  })

  for (const fault of FAULTS)
    it(`${fault.code} ${fault.when} its work, ${fault.lasting ? 'from then on' : 'once'}, at any call of a save`, async () => {
      const total = await callsOfSave()
      expect(total).toBe(17)
      for (const restarted of [false, true])
        for (let at = 1; at <= total; at++) {
          const folder = await saved(1)
          const { arm, undo } = failingDisk(fault)
          const checkpoints = await openCheckpoints(folder)
          arm(at)
          const failure = await failureOf(checkpoints.save(checkpointOf(2)))
          undo()
          expect(failure, `call ${at}`).toBeInstanceOf(SaveError)
          expect(failure).toMatchObject({ got: `${fault.code}: injected failure`, exitCode: 3 })

          const latest = await checkpoints.latest(same)
          expect(latest, `call ${at}`).toEqual(checkpointOf(latest?.step === 2 ? 2 : 1))
          const next = restarted ? await openCheckpoints(folder) : checkpoints
          expect(await next.latest(same)).toEqual(latest)
          await next.save(checkpointOf(2))
          await next.save(checkpointOf(3))
          expect(await found(folder)).toEqual({ latest: checkpointOf(3), warnings: [] })
          expect((await readdir(folder)).sort()).toEqual([1, 2, 3].map(folderOf))
        }
    })

  for (const fault of FAULTS)
    it(`keeps the step before while a damaged one is replaced: ${JSON.stringify(fault)}`, async () => {
      const total = (await callsOfSave()) + 1
      for (let at = 1; at <= total; at++) {
        const folder = await saved(1, 2)
        await rm(join(folder, folderOf(2), 'progress.json'))
        const { arm, undo } = failingDisk(fault)
        const checkpoints = await openCheckpoints(folder)
        arm(at)
        const failure = await failureOf(checkpoints.save(checkpointOf(2)))
        undo()
        if (failure !== undefined) expect(failure, `call ${at}`).toBeInstanceOf(SaveError)
        const latest = await checkpoints.latest(same)
        expect(latest, `call ${at}`).toEqual(checkpointOf(latest?.step === 2 ? 2 : 1))
        await checkpoints.save(checkpointOf(2))
        expect(await found(folder)).toEqual({ latest: checkpointOf(2), warnings: [] })
      }
    })

  it('is named as an error of Excite where the folder cannot be made', async () => {
    const file = join(await newFolder(), 'file')
    await writeFile(file, '')
    expect(await failureOf(openCheckpoints(join(file, 'checkpoints')))).toBeInstanceOf(ExciteError)
  })

  it('keeps what is to be kept when pruning fails', async () => {
    for (const at of [1, 8, 9, 10, 11]) {
      const folder = await saved(1, 2, 3, 4)
      const checkpoints = await openCheckpoints(folder)
      const { arm, undo } = failingDisk(FAULTS[0])
      arm(at)
      await failureOf(checkpoints.prune(1, []))
      undo()
      expect(await found(folder)).toEqual({ latest: checkpointOf(4), warnings: [] })
      await checkpoints.prune(1, [])
      expect(await readdir(folder)).toEqual([folderOf(4)])
    }
  })
})

describe('what a manifest cannot make it read', () => {
  const NAMES = [
    '../step-00000001/progress.json',
    '/dev/zero',
    '..',
    '.',
    '',
    'a/b',
    'a\\b',
    '\0',
    'x'.repeat(101),
  ]

  it.each(NAMES)('%j, which is no plain name', async name => {
    const folder = await saved(1, 2)
    const path = join(folder, folderOf(2), 'MANIFEST.json')
    const manifest = JSON.parse(await readFile(path, 'utf8'))
    manifest.files = { [name]: manifest.files['progress.json'] }
    await writeFile(path, JSON.stringify(manifest))
    expect(await found(folder)).toEqual({
      latest: checkpointOf(1),
      warnings: [`checkpoint ignored: ${path} is missing or damaged`],
    })
  })

  it.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('%s in the place of any file', async (_, replace) => {
    for (const name of FILES) {
      const folder = await saved(1, 2)
      const path = join(folder, folderOf(2), name)
      await rm(path)
      replace(path)
      const { latest, warnings } = await found(folder)
      expect(latest).toEqual(checkpointOf(1))
      expect(warnings[0]).toContain(path)
    }
  })

  it('passes over what is whole and refused, with the reason', async () => {
    const folder = await saved(1, 2)
    const warnings: string[] = []
    const checkpoints = await openCheckpoints(folder, { warn: message => warnings.push(message) })
    const refuse = (step: number) => (checkpoint: Checkpoint) => {
      if (checkpoint.step >= step)
        throw new FileError({ where: 'state.json', expected: 'sense', got: 'none' })
      return checkpoint
    }
    expect(await checkpoints.latest(refuse(2))).toEqual(checkpointOf(1))
    expect(warnings).toEqual(['checkpoint ignored: state.json: expected sense, got none'])
    await expect(checkpoints.latest(refuse(0))).rejects.toThrow(
      'got 2 that cannot be used (state.json',
    )
    await expect(checkpoints.latest(() => JSON.parse(''))).rejects.toThrow(SyntaxError)
  })
})
