/** Every naming that an import tries; of two that fit as well, the earlier is taken. */

import { bamAuthors, fcaAuthors, simamAuthors, srmAuthors } from './authors.ts'
import { cadene, cadeneDeep, pretrainedmodels, pretrainedmodelsInception } from './cadene.ts'
import { openmmlab, transformers } from './frameworks.ts'
import { gctAuthors } from './gct.ts'
import { moskomule } from './moskomule.ts'
import type { Naming, OwnNetwork } from './naming.ts'
import { timmECA, timmSK, timmVGG } from './timm.ts'
import { timmEfficientNet, timmMobileNet } from './timmMobile.ts'
import { torchvision } from './torchvision.ts'

export const NAMINGS: readonly Naming[] = [
  torchvision,
  timmSK,
  timmECA,
  timmVGG,
  timmMobileNet,
  timmEfficientNet,
  cadene,
  cadeneDeep,
  pretrainedmodels,
  pretrainedmodelsInception,
  moskomule,
  gctAuthors,
  fcaAuthors,
  srmAuthors,
  bamAuthors,
  simamAuthors,
  openmmlab,
  transformers,
]

/** What data-parallel and compiled networks put before every name. */
const WRAPPERS = /^(?:module\.|_orig_mod\.|_forward_module\.|model\.)+/

/** The first layers of networks, after whatever stands before the names of all. */
const FIRST =
  /^(.{1,200}?)\.(?:conv1|conv_stem|features|layer0|stem|embedder|conv2d_1a|Conv2d_1a_3x3|conv1_7x7_s2)\./

/** A longer prefix nobody has; FIRST looks no further either. */
const LONGEST = 200

/** Parts of networks, which stand before names of layers too. */
const WITHIN = /(?:^|\.)(?:layer\d|stem|blocks|stages|embedder|features)(?:\.|$)/

/** Losses, metrics and counters that are saved with a network; none is a part of it. */
const EXTRA =
  /(?:^|\.)(?:num_batches_tracked|n_averaged|total_ops|total_params)$|^(?:criterion|metrics?|loss\w*|\w+_(?:loss|acc|accuracy|metrics?))\./

/** Heads of detectors, whose backbone keeps its place. */
const DETECTS = /^(?:rpn|roi_heads)\./

/** The word before the names of most tensors, such as `backbone.`; empty without one. */
const commonPrefix = (names: readonly string[]): string => {
  if (names.some(name => DETECTS.test(name))) return ''
  const counts = new Map<string, number>()
  for (const name of names) {
    const prefix = FIRST.exec(name)?.[1]
    if (prefix !== undefined && !WITHIN.test(prefix)) counts.set(prefix, 0)
  }
  for (const name of names)
    for (let dot = name.indexOf('.'); dot > 0 && dot <= LONGEST; dot = name.indexOf('.', dot + 1)) {
      const count = counts.get(name.slice(0, dot))
      if (count !== undefined) counts.set(name.slice(0, dot), count + 1)
    }
  const [prefix, count] = [...counts].reduce(
    (most, next) => (next[1] > most[1] ? next : most),
    ['', 0],
  )
  return count > 0.8 * names.length ? `${prefix}.` : ''
}

/** Each name without what wraps the whole network; left out is what is no part of one. */
export const bareNames = (names: readonly string[]): ReadonlyMap<string, string> => {
  const unwrapped = names
    .map(name => [name, name.replace(WRAPPERS, '')] as const)
    .filter(([, bare]) => !EXTRA.test(bare))
  const prefix = commonPrefix(unwrapped.map(([, bare]) => bare))
  return new Map(
    unwrapped.map(([name, bare]) => [
      name,
      bare.startsWith(prefix) ? bare.slice(prefix.length) : bare,
    ]),
  )
}

/** Names here by the bare names of a source; left out is what it ignores. */
export const renamed = (
  { rules, ignored, layout }: Naming,
  bare: readonly string[],
): ReadonlyMap<string, string> => {
  const place = layout?.(bare) ?? (name => name)
  return new Map(
    bare
      .filter(name => !ignored?.test(name))
      .map(name => [
        name,
        rules.reduce(
          (result, [pattern, replacement]) => result.replace(pattern, replacement),
          place(name),
        ),
      ]),
  )
}

/** How a source's network differs from the one of that name here. */
export const ownNetwork = ({ networks = [] }: Naming, model: string): OwnNetwork =>
  networks.find(([pattern]) => pattern.test(model))?.[1] ?? {}
