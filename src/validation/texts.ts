import { z } from 'zod'

/** A text or a list of them -> a list, none of them empty. */
export const texts = z
  .union([z.string(), z.array(z.string()).min(1).max(1000)])
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .refine((list) => list.every((text) => text !== ''), 'a text must not be empty')
