/** Follows a task to its end: its text on standard output, what it does on a terminal. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskEvent } from '../tasks/task-event.js'
import { type Client, Unreachable } from './client.js'
import { CommandError, type Exit, exits } from './exits.js'
import { framesOf } from './frames.js'
import { stoppable } from './stop.js'
import { note, Progress, say, sayJson } from './terminal.js'

/** A server that ends and starts again has its log: as long a restart is waited for, in milliseconds. */
const awayMs = 30_000
const againMs = 500

/** Ctrl-C ends the command and not the task. @throws CommandError, Stopped */
export function follow(client: Client, id: string, { json }: { json?: boolean }): Promise<Exit> {
  return stoppable(async (signal) => {
    const teller = new Teller(json === true)
    try {
      for (let since = performance.now(); ; ) {
        const seen = teller.last
        if (await read(client, id, teller, signal)) return teller.exit
        if (teller.last > seen) since = performance.now()
        if (performance.now() - since > awayMs)
          throw new CommandError(`the server has gone; \`task ${id}\` shows how it ended`, exits.unreachable)
        await sleep(againMs, undefined, { signal }).catch(() => signal.throwIfAborted())
      }
    } finally {
      teller.close()
    }
  })
}

/** Whether the task has ended; false where the connection broke off, or the server is away for a moment. */
async function read(client: Client, id: string, teller: Teller, signal: AbortSignal): Promise<boolean> {
  try {
    const headers: Record<string, string> = teller.last === 0 ? {} : { 'last-event-id': String(teller.last) }
    const response = await client.fetch(`/tasks/${encodeURIComponent(id)}/events`, { headers, signal })
    for await (const { data } of framesOf(response)) teller.tell(JSON.parse(data) as TaskEvent)
    return teller.over || response.status === 204
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof CommandError && !(error instanceof Unreachable && teller.last > 0)) throw error
    return false
  }
}

class Teller {
  /** number of the last event */
  last = 0
  over = false
  exit: Exit = exits.done
  private readonly progress = new Progress()
  private text = ''

  constructor(private readonly json: boolean) {}

  tell(event: TaskEvent): void {
    this.last = event.sequence_number
    if (this.json) sayJson(event)
    switch (event.type) {
      case 'status':
        this.progress.show(event.phase ?? event.status)
        break
      case 'reasoning':
        this.progress.show('thinking')
        break
      case 'tool_activity':
        this.progress.show(event.state === 'started' ? `tool ${event.tool}` : 'answering')
        break
      case 'text':
        if (!this.json) this.write(event.text)
        break
      case 'attempt':
        if (!this.json) this.aside(`attempt ${event.attempt}: ${event.reason}`)
        break
      case 'review':
        this.aside(`it waits for a review: ${event.reason}`)
        break
      case 'end':
        this.end(event)
        break
      default:
      // it is in the task
    }
  }

  close(): void {
    this.progress.clear()
  }

  private write(text: string): void {
    this.progress.clear()
    say(text)
    this.text = text
  }

  /** On a line of its own. */
  private aside(text: string): void {
    this.finishLine()
    note(text)
  }

  private finishLine(): void {
    this.progress.clear()
    if (this.text !== '' && !this.text.endsWith('\n')) say('\n')
    this.text = ''
  }

  private end({ status, error }: TaskEvent & { type: 'end' }): void {
    this.over = true
    this.finishLine()
    if (status === 'completed') return
    this.exit = exits.unsuccessful
    note(error === null ? `the task ended ${status}` : `the task ended ${status}: ${error.message}`)
  }
}
