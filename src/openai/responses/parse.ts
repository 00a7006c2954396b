/**
 * A checked Responses body -> what the bridge has to do: turned into the chat request that asks for the same, so that both
 * APIs mean the same by everything they have in common.
 */
import { BridgeError } from '../../errors/catalogue.js'
import { checkAgainst } from '../in/check-fields.js'
import { chatRequestSchema } from '../in/chat-request.js'
import type { ClaudeRequest } from '../../request/conversation.js'
import { type JobRequest, uncheckedRequest } from '../../request/job-request.js'
import { type Ignored, createIgnored } from '../../request/ignored.js'
import { requireModel } from '../../request/model-names.js'
import type { ParsedRequest } from '../../request/parsed-request.js'
import type { ChatOptions } from '../in/chat-options.js'
import { parseRequest } from '../in/parse-request.js'
import { refuse } from '../../errors/refuse.js'
import { readMessages } from '../in/read-messages.js'
import { validateLarge } from '../in/validate-large.js'
import { inSlices } from '../../slices.js'
import { hasText } from './carry-over.js'
import type { ChatMessage } from './chat-messages.js'
import { checkCalls } from './check-calls.js'
import { type ResponseEcho, echoSchema, toEcho } from './echo.js'
import { ownFields } from './fields.js'
import { offeredTools } from './offered-tools.js'
import { type PlacedItem, addItems } from './items-to-messages.js'
import { createPlaces } from './places.js'
import type { ResponseRequest } from './request.js'
import { toChatFields } from './to-chat.js'

/** As a job of a response stores it. */
export type ResponseRun = ClaudeRequest & { response: ResponseEcho }

/** The run of a response from what was stored of it; null where the job was asked for in another way. */
export function responseRunOf(request: JobRequest): ResponseRun | null {
  const run = uncheckedRequest(request)
  return run.kind === 'claude' && run.response !== undefined ? { ...run, response: echoSchema.parse(run.response) } : null
}

export interface ParsedResponse extends ParsedRequest {
  run: ResponseRun
  echo: ResponseEcho
}

export interface ResponseContext extends Pick<ChatOptions, 'claudeModel' | 'aliases' | 'models' | 'passSampling' | 'aliasModels'> {
  /** see `ChatOptions`; to be given by every caller, so that none forgets what a key may use */
  allowedModels: readonly string[] | undefined
  /** the conversation of `previous_response_id` */
  carried: readonly ChatMessage[]
  /** `input` as items, references resolved */
  items: readonly PlacedItem[]
  /** members that were left out before, to be named */
  unknown?: readonly string[]
}

/** What can be refused without looking at other responses; to be called first. Throws 400 with `param`. */
export function checkOwnFields(body: ResponseRequest): void {
  checkAgainst(ownFields, own(body), createIgnored())
  if (body.input == null) {
    throw new BridgeError('missing_required_parameter', "Missing required parameter: 'input'.", { param: 'input' })
  }
  if (body.background === true && body.store === false) {
    throw refuse('invalid_value', 'background', 'it needs a response that is stored, so store cannot be false')
  }
}

/** Throws BridgeError: 400 with `param`, or 404 `model_not_found`. */
export async function parseResponseRequest(
  body: ResponseRequest,
  { carried, items, unknown = [], allowedModels, ...options }: ResponseContext,
): Promise<ParsedResponse> {
  const ignored = createIgnored(unknown)
  checkAgainst(ownFields, own(body), ignored)
  nameInner(body, ignored)
  const places = createPlaces(carried.length)
  const messages = [...carried]
  await inSlices(addItems(items, messages, places, { ignored, images: 0, remote: [] }))
  checkCalls(messages, places)
  try {
    const { value, error } = await validateLarge(chatRequestSchema, {
      ...toChatFields(body),
      tools: offeredTools(body.tools, items, places),
      messages,
    })
    if (error !== undefined) throw error
    requireModel(value.model, allowedModels)
    const parsed = parseRequest(value, { ...options, read: await readMessages(value.messages) })
    for (const name of parsed.ignored) ignored.add(places.own(name))
    for (const { place } of parsed.remoteImages) place.name = places.own(place.name)
    const echo = toEcho(body)
    const { instructions } = body
    const system = hasText(instructions) ? [instructions, ...parsed.run.system] : parsed.run.system
    return {
      ...parsed,
      pending: parsed.pending.map(({ source, refuse }) => ({ source, refuse: (why: string) => places.error(refuse(why)) })),
      run: { ...parsed.run, system, response: echo },
      background: echo.background,
      store: echo.store,
      ignored: ignored.names(),
      echo,
    }
  } catch (error) {
    throw error instanceof BridgeError ? places.error(error) : error
  }
}

function own(body: ResponseRequest): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => Object.hasOwn(ownFields, name)))
}

/** Members of the objects that the table takes as a whole. */
function nameInner(body: ResponseRequest, ignored: Ignored): void {
  const name = (field: string, value: object | null | undefined, read: readonly string[]) => {
    for (const [key, member] of Object.entries(value ?? {})) {
      if (member != null && member !== false && !read.includes(key)) ignored.add(`${field}.${key}`)
    }
  }
  name('reasoning', body.reasoning, ['effort', 'summary', 'generate_summary'])
  name('text', body.text, ['format', 'verbosity'])
  name('stream_options', body.stream_options, [])
}
