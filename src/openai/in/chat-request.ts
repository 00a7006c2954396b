/**
 * The body of `POST /v1/chat/completions`, from the table of fields. It is open: clients and gateways add members of
 * their own. No defaults and no conversions here, so that it is the same in the OpenAPI document as in the check.
 */
import { z } from 'zod'
import { fields, model } from './honoured-fields.js'

type Fields = typeof fields
type Shape = { [Name in keyof Fields]: Fields[Name]['schema'] }

const shape = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema])) as Shape

export const chatRequestSchema = z.looseObject({ model, ...shape })

export type ChatRequest = z.infer<typeof chatRequestSchema>
