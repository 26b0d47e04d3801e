/** The studies by name. */

import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import type { Study } from './study.ts'
import { GCT_STUDIES } from './tables/gct.ts'
import { NORM_STUDIES } from './tables/norms.ts'
import { SE_STUDIES } from './tables/se.ts'
import { SK_STUDIES } from './tables/sk.ts'
import { VERSUS } from './tables/versus.ts'

/** The papers' ablations by name. */
export const STUDIES: Readonly<Record<string, Study>> = {
  versus: VERSUS,
  ...SE_STUDIES,
  ...SK_STUDIES,
  ...GCT_STUDIES,
  ...NORM_STUDIES,
}

/** The names of the studies. */
export const studyNames: readonly string[] = Object.keys(STUDIES)

/** @throws UsageError for an unknown name, with the nearest known one */
export const findStudy = (name: string): Study => {
  if (Object.hasOwn(STUDIES, name)) return STUDIES[name]
  throw new UsageError({
    where: `study ${name}`,
    expected: `one of ${studyNames.join(', ')}`,
    got: name,
    hint: suggestion(name, studyNames) ?? 'Run: excite study',
  })
}
