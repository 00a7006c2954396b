/** A message as server-sent events, with the script's pace and the script's way of breaking. */
import { compose } from './compose.js'
import { breakOff, pause, silence, waitFor, write, writeHead, type Exchange } from './exchange.js'
import type { Cut, MessageReply } from './reply.js'
import { encodeEvent, ping, streamEvents, type StreamEvent } from './wire.js'

/** Resolves when the last event is out. @throws AbortError when the connection ends first */
export async function deliverStream(reply: MessageReply, exchange: Exchange): Promise<void> {
  const { record } = exchange
  const pace = reply.pace ?? {}
  const send = (event: StreamEvent) => write(exchange, encodeEvent(event), reply.splitBytes)
  const idle = (ms: number) => pauseWithPings(exchange, ms, pace.pingEveryMs ?? 0, send)

  await pause(exchange, pace.headersDelayMs ?? 0)
  writeHead(exchange, 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...reply.headers,
  })
  for (const event of streamEvents(compose(reply, record.body))) {
    if (reply.cut !== undefined && isCutBefore(reply.cut, event)) return breakStream(reply.cut, exchange, send, idle)
    const isDelta = event.type === 'content_block_delta'
    if (isDelta) {
      if (record.deltas === reply.hold?.afterDeltas) await waitFor(exchange, reply.hold.until)
      const delay = (record.deltas === 0 ? pace.firstTokenDelayMs : pace.tokenDelayMs) ?? 0
      if (delay > 0) await idle(delay)
      record.deltas++
    }
    await send(event)
    if (reply.cut !== undefined && isCutAfter(reply.cut, event, record.deltas)) {
      return breakStream(reply.cut, exchange, send, idle)
    }
  }
  exchange.response.end()
}

function isCutBefore(cut: Cut, event: StreamEvent): boolean {
  return event.type === (typeof cut.at === 'string' ? cut.at : 'message_delta')
}

function isCutAfter(cut: Cut, event: StreamEvent, deltas: number): boolean {
  if (cut.at === 0) return event.type === 'message_start'
  return event.type === 'content_block_delta' && cut.at === deltas
}

type Send = (event: StreamEvent) => Promise<void>

async function breakStream(cut: Cut, exchange: Exchange, send: Send, idle: (ms: number) => Promise<void>): Promise<void> {
  if (cut.until !== undefined) await waitFor(exchange, cut.until)
  switch (cut.form) {
    case 'hang':
      return idle(Infinity)
    case 'reset':
    case 'drop':
      return breakOff(exchange, cut.form)
    case 'error-event':
      await send({ type: 'error', error: cut.error ?? { type: 'overloaded_error', message: 'Overloaded' } })
      exchange.response.end()
      return
    case 'eof':
      exchange.response.end()
  }
}

async function pauseWithPings(exchange: Exchange, ms: number, every: number, send: Send): Promise<void> {
  let left = ms
  while (every > 0 && left > every) {
    await pause(exchange, every)
    await send(ping)
    left -= every
  }
  if (left === Infinity) return silence(exchange)
  await pause(exchange, left)
}
