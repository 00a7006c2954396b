/** What a Responses request speaks of without sending it: the response before, and items of earlier ones. */
import { BridgeError } from '../errors/catalogue.js'
import type { Job } from '../jobs/job.js'
import type { Jobs } from '../jobs/jobs.js'
import { hasResult } from '../openai/out/completion.js'
import { carryOver } from '../openai/responses/carry-over.js'
import type { ChatMessage } from '../openai/responses/chat-messages.js'
import { responseId, taskIdOfItem } from '../openai/responses/ids.js'
import { type ReferenceItem, isKnown } from '../openai/responses/item-schemas.js'
import type { PlacedItem } from '../openai/responses/items-to-messages.js'
import type { ResponseRequest } from '../openai/responses/request.js'
import type { OutputItem } from '../openai/responses/response-schemas.js'
import { refuse } from '../errors/refuse.js'
import { findResponse, outputOf, responseRun } from './response-record.js'

/** Each is a look into the store. */
const maxReferences = 200

export interface Context {
  carried: ChatMessage[]
  items: PlacedItem[]
  /** what was left out of the items, for `bridge.ignored` */
  unknown: string[]
}

/** @throws BridgeError previous_response_not_found, item_not_found, invalid_value */
export async function readContext(jobs: Jobs, body: ResponseRequest, owner: string): Promise<Context> {
  const { previous_response_id: previous, input } = body
  const carried = previous == null ? [] : await carriedFrom(jobs, previous, owner)
  if (input == null) return { carried, items: [], unknown: [] }
  if (typeof input === 'string') return { carried, items: [{ item: { role: 'user', content: input }, place: 'input' }], unknown: [] }

  const outputs = new Map<string, Map<string, OutputItem>>()
  const items: PlacedItem[] = []
  const unknown = new Set<string>()
  let references = 0
  for (const [index, item] of input.entries()) {
    const place = `input[${index}]`
    if (!isKnown(item) || item.type !== 'item_reference') {
      items.push({ item, place })
      continue
    }
    if (++references > maxReferences) throw refuse('invalid_value', place, `at most ${maxReferences} references are followed`)
    // of the past, an id that is not known carries nothing
    const past = input.slice(index + 1).some((later) => 'role' in later && later.role === 'assistant')
    const found = await follow(jobs, item, owner, outputs)
    if (found !== undefined) items.push({ item: found, place })
    else if (past) unknown.add('input[].item_reference')
    else throw notFound(item.id, place)
  }
  return { carried, items, unknown: [...unknown] }
}

async function carriedFrom(jobs: Jobs, id: string, owner: string): Promise<ChatMessage[]> {
  const param = 'previous_response_id'
  const job = await findResponse(jobs, id, owner)
  const run = job === null ? null : await responseRun(jobs, job)
  if (job === null || run === null) {
    throw new BridgeError('previous_response_not_found', `Previous response with id '${id.slice(0, 80)}' not found.`, { param })
  }
  if (!hasResult(job)) throw refuse('invalid_value', param, `that response is ${wordFor(job)}, so nothing can go on from it`)
  return carryOver(run, run.response.instructions, job.answer)
}

function wordFor({ status }: Job): string {
  return status === 'failed' || status === 'cancelled' ? status : 'not complete yet'
}

async function follow(
  jobs: Jobs,
  { id }: ReferenceItem,
  owner: string,
  outputs: Map<string, Map<string, OutputItem>>,
): Promise<PlacedItem['item'] | undefined> {
  const taskId = taskIdOfItem(id)
  if (taskId !== null && !outputs.has(taskId)) {
    const job = await findResponse(jobs, responseId(taskId), owner)
    const items = job === null ? [] : await outputOf(jobs, job)
    outputs.set(taskId, new Map(items.map((item) => [item.id, item])))
  }
  return outputs.get(taskId ?? '')?.get(id)
}

function notFound(id: string, place: string): BridgeError {
  const message = `Item with id '${id.slice(0, 80)}' not found. Only what a stored response has answered can be referred to.`
  return new BridgeError('item_not_found', message, { param: `${place}.id` })
}
