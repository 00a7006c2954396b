/** A reader of `/tasks/:id/events` as an EventSource is one: it comes back with the number of the last event it has, to one server or another. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface Reading {
  /** the numbers of the events in the order they came */
  events: number[]
  connections: number
  /** the answer's pieces together */
  text: string
  /** how many events were an end of the job */
  ends: number
  /** why it was given up, if it was */
  trouble: string | null
}

const patienceMs = 180_000

/** Reads to the job's end. @param urls the servers, of which the entries may change meanwhile @param first which of them is asked first */
export async function follow(urls: readonly string[], first: number, id: string): Promise<Reading> {
  const reading: Reading = { events: [], connections: 0, text: '', ends: 0, trouble: null }
  const limit = Date.now() + patienceMs
  for (let at = first; ; at++) {
    if (Date.now() > limit) return { ...reading, trouble: 'its reader has seen no end' }
    const after = reading.events.at(-1)
    reading.connections += 1
    const response = await fetch(`${urls[at % urls.length]}/tasks/${id}/events`, {
      headers: after === undefined ? {} : { 'last-event-id': String(after) },
    }).catch(() => null)
    // everything was there
    if (response?.status === 204) return reading
    if (response?.status === 200) await take(response, reading)
    else if (response !== null && response.status !== 503)
      return { ...reading, trouble: `its reader got ${response.status} ${await response.text()}` }
    if (reading.ends > 0) return reading
    await sleep(300)
  }
}

/** To the end of this connection, whole frames only. */
async function take(response: Response, reading: Reading): Promise<void> {
  let rest = ''
  try {
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + piece).split('\n\n')
      rest = frames.pop()!
      for (const frame of frames) takeFrame(frame, reading)
    }
  } catch {
    // the connection broke: what was whole is taken
  }
}

function takeFrame(frame: string, reading: Reading): void {
  const seq = /^id: (\d+)$/m.exec(frame)?.[1]
  if (seq === undefined) return
  reading.events.push(Number(seq))
  const event = JSON.parse(/^data: (.*)$/m.exec(frame)![1]!) as { type: string; text: string }
  if (event.type === 'text') reading.text += event.text
  if (event.type === 'end') reading.ends += 1
}
