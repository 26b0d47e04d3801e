/** What must be the same for a resumed training to give the same bits, and what says so when it is not. */

import type { AvailableEngine } from '../engines/registry.ts'
import { UsageError } from '../errors/index.ts'
import { VERSION } from '../platform/node/version.ts'

export type Conditions = Readonly<Record<string, string>>

/**
 * @param images - the fingerprint of the training images, where their name does not say it
 * @param ranks - how many processes share each batch
 */
export const conditionsOf = (
  threads: number | undefined,
  engine: Pick<AvailableEngine, 'name' | 'version'>,
  images?: string,
  ranks = 1,
): Conditions => ({
  excite: VERSION,
  engine: `${engine.name} ${engine.version}`,
  threads: threads === undefined ? 'default' : `${threads}`,
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node.split('.')[0],
  ...(images === undefined ? {} : { images }),
  ...(ranks === 1 ? {} : { ranks: `${ranks}` }),
})

/** Conditions of a checkpoint by the names of now: 0.1 wrote `device`, and `onnx` for `onnxruntime`. */
const current = ({ device, ...others }: Conditions): Conditions =>
  device === undefined ? others : { ...others, engine: device.replace(/^onnx /, 'onnxruntime ') }

/** What conditions are where they are not written down. */
const ABSENT: Conditions = { ranks: '1' }

/**
 * Compares the conditions of a checkpoint with those of now.
 * @returns what differs, where going on without exactness is allowed
 * @throws UsageError that lists every difference, where it is not
 */
export const checkConditions = (
  written: Conditions,
  now: Conditions,
  compatible: boolean,
): readonly string[] => {
  const saved = current(written)
  const differences = Object.keys({ ...saved, ...now })
    .filter(name => saved[name] !== now[name])
    .map(
      name =>
        `${name} ${saved[name] ?? ABSENT[name] ?? 'unknown'} then, ${now[name] ?? ABSENT[name] ?? 'unknown'} now`,
    )
  if (differences.length === 0 || compatible) return differences
  throw new UsageError({
    where: 'resume',
    expected: 'the environment that the run was saved in',
    got: differences.join('; '),
    hint: 'Restore it for a bit-exact resume, or resume with `compatible`',
  })
}
