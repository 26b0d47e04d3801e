/** The API of a library, by its version. */

import type { Library } from '../library.ts'
import type { Api } from './api.ts'
import { v2 } from './v2.ts'
import { v3 } from './v3.ts'

export type { Api, Flags, Kind, Operations, Pooling, Reference, Sliding } from './api.ts'

export const apiOf = (library: Library): Api => (library.major === 2 ? v2(library) : v3(library))
