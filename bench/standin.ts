/** Starts the stand-in's process and asks it what it has seen. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { MessagesRequest } from '../test/standin/index.js'

export interface UpstreamCall {
  /** length of the request's body on the wire */
  bytes: number
  body: MessagesRequest
  /** the CLI's session, the same for all turns that one process has heard */
  session: string | null
}

export interface StandinProcess {
  url: string
  pid: number
  /** The last call whose last user text holds the marker. @throws Error if there was none */
  call(marker: string): Promise<UpstreamCall>
  stop(): Promise<void>
}

export async function startStandinProcess(): Promise<StandinProcess> {
  const child = fork(path.join(import.meta.dirname, 'standin-process.js'))
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return {
    url,
    pid: child.pid!,
    async call(marker) {
      child.send({ marker })
      const [answer] = (await once(child, 'message')) as [{ marker: string; call: UpstreamCall | null }]
      if (answer.call === null || answer.marker !== marker) throw new Error(`the stand-in has not seen ${marker}`)
      return answer.call
    },
    async stop() {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}
