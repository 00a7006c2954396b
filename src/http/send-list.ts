/** A page of records as JSON. Each may have a long answer, so they are written one after the other, and the event loop has turns. */
import type { FastifyReply } from 'fastify'
import { createSlices } from '../slices.js'

/** Answers with what `JSON.stringify` makes of a page. */
export async function sendList(reply: FastifyReply, page: { data: readonly object[] }): Promise<FastifyReply> {
  const pieces: Buffer[] = []
  const slice = createSlices()
  let before = '{'
  for (const [name, value] of Object.entries(page) as [string, unknown][]) {
    if (name !== 'data') pieces.push(Buffer.from(`${before}${JSON.stringify(name)}:${JSON.stringify(value)}`))
    else {
      pieces.push(Buffer.from(`${before}"data":[`))
      for (const [index, record] of page.data.entries()) {
        pieces.push(Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(record)}`))
        await slice()
      }
      pieces.push(Buffer.from(']'))
    }
    before = ','
  }
  pieces.push(Buffer.from('}'))
  return reply.type('application/json; charset=utf-8').send(Buffer.concat(pieces))
}
