/** The variations of a network as they stand in a run's configuration and in a card, checked by name and value. */

import { z } from 'zod'
import { VARIATIONS, type Variations } from '../models/variations.ts'

export const variationsSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(VARIATIONS).map(([name, { expected, read }]) => [
      name,
      z
        .union([z.string(), z.number(), z.boolean()])
        .refine(value => read(String(value)) === value, `expected ${name} ${expected}`)
        .optional(),
    ]),
  ),
) as unknown as z.ZodType<Variations>
