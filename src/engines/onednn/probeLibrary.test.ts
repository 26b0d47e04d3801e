/** Whatever is wrong with a library comes out as words, and is remembered until the file changes. */

import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hashCode, probe, probed, usablePath } from './probeLibrary.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-result-'))
  vi.stubEnv('EXCITE_CACHE', folder)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const compiler = ['cc', 'gcc', 'clang'].find(name => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

/** A library that is none: its only function is as given. */
const compiled = async (name: string, source: string): Promise<string> => {
  const path = join(folder, `lib${name}.so`)
  await writeFile(join(folder, `${name}.c`), source)
  execFileSync(compiler as string, ['-shared', '-fPIC', '-o', path, join(folder, `${name}.c`)])
  return path
}

/** What `dnnl_version` returns, and a function that returns it. */
const versionSource = (major: number, minor: number, runtime: number): string => `
struct { int major, minor, patch; const char *hash; unsigned cpu, gpu; }
  version = { ${major}, ${minor}, 0, "", ${runtime}, 0 };
void *dnnl_version(void) { return &version; }`

describe('a library is not usable', () => {
  it('where there is none', async () => {
    const { problem } = await probe(join(folder, 'libdnnl.so.3'))
    expect(problem).toMatch(/expected a library of oneDNN, got .*: No such file/)
  })

  it('where its self-test crashes, exits or says nothing', async () => {
    const crash = "process.kill(process.pid, 'SIGSEGV')"
    expect((await probe('x', crash)).problem).toBe('its self-test ended with SIGSEGV')
    expect((await probe('x', 'process.exit(7)')).problem).toBe(
      'its self-test ended with exit code 7',
    )
    expect((await probe('x', '')).problem).toBe('its self-test ended with exit code 0')
  })

  it.skipIf(compiler === undefined).each([
    [
      'crashes',
      'void *dnnl_version(void) { return *(void **)8; }',
      'its self-test ended with SIGSEGV',
    ],
    ['is too old', versionSource(2, 5, 2), 'expected oneDNN 2.6 or newer, or 3, got 2.5.0'],
    ['is too new', versionSource(4, 0, 2), 'expected oneDNN 2.6 or newer, or 3, got 4.0.0'],
    ['has other threads', versionSource(3, 1, 8), 'built for OpenMP, got a build for threadpool'],
    ['lacks functions', versionSource(3, 1, 2), "Cannot find function 'dnnl_engine_create'"],
  ])('that %s', async (name, source, wanted) => {
    const path = await compiled(name.replaceAll(' ', '-'), source)
    expect((await probe(path)).problem).toContain(wanted)
  })
})

describe('a result', () => {
  it('is remembered until the file changes', async () => {
    const path = join(folder, 'libdnnl.so.2')
    await writeFile(path, 'no library')
    const first = await probed(path)
    expect(first.problem).toBeDefined()
    const memory = join(folder, 'onednn.json')
    await writeFile(
      memory,
      (await readFile(memory, 'utf8')).replace(/"problem": ".*"/, '"problem": "as I said"'),
    )
    expect((await probed(path)).problem).toBe('as I said')
    expect((await probed(path, true)).problem).toBe(first.problem)
    await writeFile(
      memory,
      (await readFile(memory, 'utf8')).replace(/"problem": ".*"/, '"problem": "as I said"'),
    )
    await appendFile(path, ' still')
    expect((await probed(path)).problem).toBe(first.problem)
  })

  it('is remembered for one choice of instructions and threads, and for one file', async () => {
    const path = join(folder, 'libdnnl.so.4')
    await writeFile(path, 'no library')
    const says = (problem: string) =>
      probed(
        path,
        false,
        `process.stdout.write(JSON.stringify(${JSON.stringify({ path, problem })}))`,
      )
    expect((await says('first')).problem).toBe('first')
    expect((await says('second')).problem).toBe('first')
    vi.stubEnv('ONEDNN_MAX_CPU_ISA', 'SSE41')
    expect((await says('third')).problem).toBe('third')
    // Another file of the same size and time.
    const time = new Date(0)
    await utimes(path, time, time)
    expect((await says('fourth')).problem).toBe('fourth')
    await rm(path)
    await writeFile(path, 'NO LIBRARY')
    await utimes(path, time, time)
    expect((await says('fifth')).problem).toBe('fifth')
  })

  it('is not remembered where something else ended the test', async () => {
    const path = join(folder, 'libdnnl.so.5')
    const killed = await probed(path, false, "process.kill(process.pid, 'SIGKILL')")
    expect(killed).toEqual({ path, problem: 'its self-test ended with SIGKILL' })
    expect((await probed(path)).problem).toMatch('No such file')
  })

  it('belongs to the code that asked, wherever that lies', async () => {
    const checkout = async (name: string, code: string): Promise<string> => {
      for (const room of ['engines', 'autodiff', 'ops', 'passes'])
        await mkdir(join(folder, name, room), { recursive: true })
      await writeFile(join(folder, name, 'engines', 'lower.ts'), code)
      return hashCode(pathToFileURL(join(folder, name, 'engines/')))
    }
    const first = await checkout('first', 'x')
    expect(await checkout('second', 'x')).toBe(first)
    expect(await checkout('third', 'y')).not.toBe(first)
  })

  it('of a damaged memory is made anew', async () => {
    const path = join(folder, 'libdnnl.so.3')
    await writeFile(path, 'no library')
    const { problem } = await probed(path)
    await writeFile(join(folder, 'onednn.json'), '{"')
    expect((await probed(path)).problem).toBe(problem)
  })

  it('says why none can be used, and what to install', async () => {
    vi.stubEnv('EXCITE_ONEDNN', join(folder, 'nowhere.so'))
    await expect(usablePath()).rejects.toThrow(
      /^engine onednn: expected the library oneDNN, got .*nowhere\.so, not usable: .*Install oneDNN 2\.6/,
    )
  })
})
