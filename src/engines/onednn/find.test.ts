/** Where oneDNN is looked for, on machines of every kind. */

import { describe, expect, it } from 'vitest'
import { candidates, type Machine } from './find.ts'

interface Given {
  readonly platform?: string
  readonly arch?: string
  readonly env?: Machine['env']
  readonly folders: Readonly<Record<string, readonly string[]>>
  readonly links?: Readonly<Record<string, string>>
}

const machine = ({ platform = 'linux', arch = 'x64', env = {}, folders, links = {} }: Given) => ({
  platform,
  arch,
  env,
  list: (folder: string) => folders[folder] ?? [],
  real: (path: string) => links[path] ?? path,
})

describe('candidates', () => {
  it.each<readonly [string, Given, readonly string[]]>([
    [
      'Debian 12: one library under two names',
      {
        folders: { '/usr/lib/x86_64-linux-gnu': ['libc.so.6', 'libdnnl.so.2', 'libdnnl.so.2.6'] },
        links: {
          '/usr/lib/x86_64-linux-gnu/libdnnl.so.2': '/usr/lib/x86_64-linux-gnu/libdnnl.so.2.6',
        },
      },
      ['/usr/lib/x86_64-linux-gnu/libdnnl.so.2.6'],
    ],
    [
      'Debian 13 on ARM',
      {
        arch: 'arm64',
        folders: { '/usr/lib/aarch64-linux-gnu': ['libdnnl.so.3.6', 'libdnnl.so.3.7'] },
      },
      ['/usr/lib/aarch64-linux-gnu/libdnnl.so.3.7', '/usr/lib/aarch64-linux-gnu/libdnnl.so.3.6'],
    ],
    [
      'two versions: the newer first, ten after nine, and no other names',
      {
        folders: {
          '/usr/lib64': [
            'libdnnl.so',
            'libdnnl.so.1',
            'libdnnl.so.2.7',
            'libdnnl.so.3.9',
            'libdnnl.so.3.10',
            'libdnnl.so.3.x',
            'libdnnl_graph.so.3',
          ],
        },
      },
      ['/usr/lib64/libdnnl.so.3.10', '/usr/lib64/libdnnl.so.3.9', '/usr/lib64/libdnnl.so.2.7'],
    ],
    [
      'conda before the system',
      {
        env: { CONDA_PREFIX: '/opt/conda' },
        folders: { '/opt/conda/lib': ['libdnnl.so.2'], '/usr/lib': ['libdnnl.so.3'] },
      },
      ['/opt/conda/lib/libdnnl.so.2', '/usr/lib/libdnnl.so.3'],
    ],
    [
      'Homebrew',
      {
        platform: 'darwin',
        arch: 'arm64',
        folders: { '/opt/homebrew/lib': ['libdnnl.dylib', 'libdnnl.3.dylib', 'libdnnl.3.8.dylib'] },
        links: {
          '/opt/homebrew/lib/libdnnl.3.dylib':
            '/opt/homebrew/Cellar/onednn/3.8.1/lib/libdnnl.3.8.dylib',
          '/opt/homebrew/lib/libdnnl.3.8.dylib':
            '/opt/homebrew/Cellar/onednn/3.8.1/lib/libdnnl.3.8.dylib',
        },
      },
      ['/opt/homebrew/Cellar/onednn/3.8.1/lib/libdnnl.3.8.dylib'],
    ],
    [
      'a path given: that one alone, there or not',
      {
        env: { EXCITE_ONEDNN: '/mine/libdnnl.so.3.6' },
        folders: { '/usr/lib': ['libdnnl.so.3'] },
      },
      ['/mine/libdnnl.so.3.6'],
    ],
    [
      'a folder given: what is in it',
      {
        env: { EXCITE_ONEDNN: '/mine/' },
        folders: { '/mine/': ['libdnnl.so.2.7', 'libdnnl.so.3.1'] },
      },
      ['/mine/libdnnl.so.3.1', '/mine/libdnnl.so.2.7'],
    ],
    [
      'a name given: in the known folders',
      {
        env: { EXCITE_ONEDNN: 'libdnnl.so.2' },
        folders: { '/usr/lib': ['libdnnl.so.3', 'libdnnl.so.2'] },
      },
      ['/usr/lib/libdnnl.so.2'],
    ],
    ['nothing anywhere', { folders: {} }, []],
  ])('%s', (_, given, wanted) => {
    expect(candidates(machine(given))).toEqual(wanted)
  })
})
