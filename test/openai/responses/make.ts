/** Responses made of events and bodies, without a server. */
import type { JobEvent } from '../../../src/jobs/events.js'
import type { Job } from '../../../src/jobs/job.js'
import { validate } from '../../../src/errors/request-error.js'
import { type ResponseEcho, toEcho } from '../../../src/openai/responses/echo.js'
import { type ResponseEvent, createResponseEvents } from '../../../src/openai/responses/events.js'
import type { ChatMessage } from '../../../src/openai/responses/chat-messages.js'
import type { PlacedItem } from '../../../src/openai/responses/items-to-messages.js'
import { type ParsedResponse, checkOwnFields, parseResponseRequest } from '../../../src/openai/responses/parse.js'
import { responseRequestSchema } from '../../../src/openai/responses/request.js'

export const queued: JobEvent = { type: 'status', status: 'queued', phase: 'queued' }
export const begun: JobEvent = { type: 'status', status: 'in_progress', phase: 'starting' }

export const call = (index: number, args: string, id?: string): JobEvent => ({
  type: 'tool_call',
  choice: 0,
  index,
  arguments: args,
  ...(id !== undefined && { id, name: `f_${id}` }),
})

export const echo = (more: object = {}): ResponseEcho => toEcho({ model: 'sonnet', ...more })

/** The whole stream of a job, as the route numbers it. */
export function stream(events: JobEvent[], job: Job, said = echo()): ResponseEvent[] {
  const told = createResponseEvents(job, said)
  return [...[queued, begun, ...events].flatMap((event) => told.event(event)), ...told.end(job)]
}

/** A body as it arrives, without what it may refer to. Throws as the route does. */
export async function parse(body: unknown, carried: ChatMessage[] = []): Promise<ParsedResponse> {
  const { value, error } = validate(responseRequestSchema, JSON.parse(JSON.stringify(body)))
  if (error !== undefined) throw error
  checkOwnFields(value)
  const input = typeof value.input === 'string' ? [{ role: 'user' as const, content: value.input }] : (value.input ?? [])
  const items = input.map((item, index) => ({
    item,
    place: typeof value.input === 'string' ? 'input' : `input[${index}]`,
  })) as PlacedItem[]
  return parseResponseRequest(value, { carried, items, claudeModel: 'sonnet', allowedModels: undefined })
}

export const parseWith = (members: object): Promise<ParsedResponse> => parse({ model: 'sonnet', input: 'hi', ...members })
