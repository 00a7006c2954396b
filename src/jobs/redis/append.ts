/** Writes: each job's part of a batch is one step of Redis. */
import { randomUUID } from 'node:crypto'
import { isContent } from '../events.js'
import { newWebhookId } from '../ids.js'
import { type Append, Superseded } from '../store.js'
import { isTold } from '../webhooks.js'
import type { RedisConnection } from './connection.js'
import { foldedMembers } from './record.js'
import { pipelined } from './pipeline.js'
import { spentFields, usageFields } from './usage.js'

export async function append(connection: RedisConnection, writes: readonly Append[]): Promise<(Error | null)[]> {
  const faults = writes.map(faultOf)
  const good = writes.filter((_, index) => faults[index] === null)
  const now = Date.now()
  const answers = await pipelined<Append, string>(
    connection,
    good,
    (pipeline, write) => {
      const script = (pipeline as unknown as Record<string, (...given: (string | number)[]) => unknown>)['append']!
      script.call(pipeline, connection.prefix, ...argumentsOf(write, now))
    },
    { patient: true },
  )
  let next = 0
  return writes.map(({ id, after }, index) => faults[index] ?? (answers[next++] === 'stored' ? null : new Superseded(id, after)))
}

/** What is wrong with a write, found before Redis is asked. */
function faultOf({ id, after, events }: Append): Error | null {
  const gap = events.find(({ seq }, index) => seq !== after + 1 + index)
  return gap === undefined ? null : new Error(`event ${gap.seq} of ${id} is out of its order`)
}

/** What the script `append` takes. */
function argumentsOf({ id, after, events, record, usage = [], fence, progress }: Append, now: number): (string | number)[] {
  const stored = events.map(({ seq, at, event }) => ({ seq, at, json: JSON.stringify(event) }))
  const files = events.reduce(
    (sum, { event }) => sum + (event.type === 'files' ? event.files.reduce((all, file) => all + file.bytes, 0) : 0),
    0,
  )
  const bytes = stored.reduce((sum, { json }) => sum + Buffer.byteLength(json), files)
  const delivered = events.some(({ event }) => isContent(event))
  const usedTools = events.some(({ event }) => event.type === 'tool_activity')
  const members = record === null ? [] : foldedMembers(record)
  const { hour, fields } = usageFields(usage, now)
  const { day, month } = spentFields(now)
  const nanoUsd = usage.reduce((sum, row) => sum + row.nanoUsd, 0)
  return [
    ...[id, randomUUID(), after, fence ?? '', after + events.length, bytes, Number(delivered), Number(usedTools)],
    ...[record?.status ?? '', ...webhookOf(record), record?.completedAt ?? now],
    ...[hour, fields.length / 2, members.length, day, month, nanoUsd, progress === undefined ? '' : JSON.stringify(progress)],
    ...fields,
    ...members,
    ...stored.flatMap(({ seq, at, json }) => [seq, at, json]),
  ]
}

/** Its id, its URL and the URL's host; empty where none is sent. */
function webhookOf(record: Append['record']): [id: string, url: string, host: string] {
  const url = record?.view.webhookUrl
  if (record === null || url === undefined || !isTold(record.status) || !URL.canParse(url)) return ['', '', '']
  return [newWebhookId(), url, new URL(url).host]
}
