/** The body of `POST /v1/responses`, from the tables of fields. Open, as the one of a chat request. */
import { z } from 'zod'
import { model } from '../in/honoured-fields.js'
import { ownFields, sharedFields } from './fields.js'

const fields = { ...sharedFields, ...ownFields }

type Fields = typeof fields
type Shape = { [Name in keyof Fields]: Fields[Name]['schema'] }

const shape = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema])) as Shape

export const responseRequestSchema = z.looseObject({ model, ...shape })

export type ResponseRequest = z.infer<typeof responseRequestSchema>
