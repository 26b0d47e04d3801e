/** Completion as shells run it: each, where it is installed. */

import { execFileSync, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { excite, inFolder } from '../support/command.ts'

/** How each shell says what follows the words of a line. */
const ASK: Readonly<Record<string, (file: string, words: readonly string[]) => string[]>> = {
  bash: (file, words) => [
    '-c',
    `source '${file}'; COMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _excite; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  fish: (file, words) => ['-c', `source '${file}'; complete -C '${words.join(' ')}'`],
}

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', ':']).status === 0

describe.each(Object.keys(ASK))('%s', shell => {
  it.skipIf(!isInstalled(shell))('completes commands, options and values', () =>
    inFolder(async folder => {
      const { stdout, code } = await excite('.', 'completion', shell)
      expect(code).toBe(0)
      const file = join(folder, 'completion')
      await writeFile(file, stdout)
      const ask = (...words: string[]): string[] =>
        execFileSync(shell, ASK[shell](file, words), { encoding: 'utf8' })
          .split('\n')
          .map(line => line.split('\t')[0])
      expect(ask('excite', 'tr')).toContain('train')
      expect(ask('excite', 'train', '--label-sm')).toContain('--label-smoothing')
      expect(ask('excite', 'train', '--recipe', 'sen')).toContain('senet-ablation')
      expect(ask('excite', 'train', 'sk-resnet2')).toContain('sk-resnet20')
      expect(ask('excite', 'train', '--epochs', '')).not.toContain('se-resnet20')
    }),
  )
})

it.skipIf(!isInstalled('zsh'))('zsh reads it, and knows whom to ask', () =>
  inFolder(async folder => {
    const file = join(folder, 'completion')
    await writeFile(file, (await excite('.', 'completion', 'zsh')).stdout)
    const script = `autoload -U compinit; compinit -D; source '${file}'; echo $_comps[excite]`
    expect(execFileSync('zsh', ['-fc', script], { encoding: 'utf8' })).toBe('_excite\n')
  }),
)
