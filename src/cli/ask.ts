/** `ask`: one question, its answer as it comes. */
import type { Task } from '../openai/out/response-schemas.js'
import type { Client } from './client.js'
import { CommandError, type Exit, exits } from './exits.js'
import { framesOf } from './frames.js'
import { messagesOf } from './question.js'
import { Stopped, stoppable } from './stop.js'
import { note, Progress, say, sayJson } from './terminal.js'

export interface AskOptions {
  model: string
  system?: string
  file: string[]
  json?: boolean
}

/** A chunk of the stream, or the frame of an error. */
interface Chunk {
  error?: { message: string }
  choices?: { delta: { content?: string | null; reasoning_content?: string | null }; finish_reason: string | null }[]
}

/** How long a cancel may take before the command ends without its answer, in milliseconds. */
const cancelMs = 3000

/** @throws CommandError, Stopped */
export async function ask(client: Client, words: readonly string[], options: AskOptions): Promise<Exit> {
  const messages = await messagesOf({ words, system: options.system, files: options.file })
  const progress = new Progress()
  let task: string | null = null
  try {
    return await stoppable(async (signal) => {
      progress.show(`${options.model}: asked`)
      const body = { model: options.model, messages, stream: true }
      const response = await client.fetch('/v1/chat/completions', { method: 'POST', body, signal })
      task = response.headers.get('x-bridge-task-id')
      progress.show(`${options.model}: the model works`)
      const finish = await tell(response, progress, options.json !== true).catch((error: unknown) => {
        signal.throwIfAborted()
        throw error
      })
      if (options.json === true) sayJson((await client.json<Task>(`/tasks/${task}`)).result)
      return exitOf(finish)
    })
  } catch (error) {
    // the connection is closed by now, which cancels the job as well; this waits until it has ended
    if (error instanceof Stopped && task !== null) await cancel(client, task)
    throw error
  } finally {
    progress.clear()
  }
}

/** Writes the text as it comes; resolves with why the answer has ended. */
async function tell(response: Response, progress: Progress, aloud: boolean): Promise<string | null> {
  let finish: string | null = null
  let last = ''
  const broken = () => new CommandError('the answer broke off: the server has gone', exits.unsuccessful)
  const frames = framesOf(response)
  for (;;) {
    const next = await frames.next().catch(() => Promise.reject(broken()))
    // a stream that ends without its last frame was cut
    if (next.done === true) throw broken()
    const { data } = next.value
    if (data === '[DONE]') break
    const { error, choices = [] } = JSON.parse(data) as Chunk
    if (error !== undefined) throw new CommandError(error.message, exits.unsuccessful)
    for (const { delta, finish_reason: reason } of choices) {
      if (delta.reasoning_content) progress.show('the model thinks')
      if (delta.content && aloud) {
        progress.clear()
        say(delta.content)
        last = delta.content
      }
      finish = reason ?? finish
    }
  }
  if (aloud && !last.endsWith('\n')) say('\n')
  return finish
}

function exitOf(finish: string | null): Exit {
  if (finish === 'stop') return exits.done
  note(finish === 'length' ? 'the answer was cut: a limit was reached' : `the answer ended with ${finish}`)
  return exits.unsuccessful
}

async function cancel(client: Client, task: string): Promise<void> {
  try {
    await client.fetch(`/tasks/${task}/cancel`, { method: 'POST', signal: AbortSignal.timeout(cancelMs) })
  } catch {
    // the server has cancelled it when the connection was closed
  }
}
