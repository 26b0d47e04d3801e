/** Every naming that an import tries; of two that fit as well, the earlier is taken. */

import { cadene, cadeneDeep } from './cadene.ts'
import { gctAuthors } from './gct.ts'
import { moskomule } from './moskomule.ts'
import type { Naming, OwnNetwork } from './naming.ts'
import { torchvision } from './torchvision.ts'

export const NAMINGS: readonly Naming[] = [torchvision, cadene, cadeneDeep, moskomule, gctAuthors]

/** What data-parallel and compiled networks put before every name. */
const PREFIXES = /^(?:module\.|_orig_mod\.|model\.)+/

/** Batch normalizations count their batches; nothing uses it. */
const IGNORED = /(?:^|\.)num_batches_tracked$/

/** A weight's name here; undefined for what is ignored. */
export const renamed = ({ rules, ignored }: Naming, name: string): string | undefined => {
  const bare = name.replace(PREFIXES, '')
  return IGNORED.test(bare) || ignored?.test(bare)
    ? undefined
    : rules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), bare)
}

/** How a source's network differs from the one of that name here. */
export const ownNetwork = ({ networks = [] }: Naming, model: string): OwnNetwork =>
  networks.find(([pattern]) => pattern.test(model))?.[1] ?? {}
