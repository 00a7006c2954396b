/** One attempt's answer, held until it has passed: what is streamed and stored is the accepted one only. */
import type { JobEvent } from '../jobs/events.js'
import { isContent } from '../jobs/events.js'
import { createSlices } from '../slices.js'

export class HeldAnswer {
  text = ''
  model: string | null = null
  /** something of the answer has been passed on: it cannot be taken back */
  shown = false
  private held: JobEvent[] = []
  private answering = false

  constructor(
    private readonly pass: (event: JobEvent) => void,
    /** nothing is held: there is no check to pass */
    private readonly open: boolean,
  ) {}

  add(event: JobEvent): void {
    if (event.type === 'text') this.text += event.text
    if (event.type === 'usage') this.model = event.model
    if (!isContent(event)) return this.pass(this.open ? event : withoutAnswered(event))
    if (this.open) {
      this.shown = true
      return this.pass(event)
    }
    this.held.push(event)
    if (this.answering) return
    this.answering = true
    this.pass({ type: 'status', status: 'in_progress', phase: 'answering' })
  }

  /** The answer has passed. Resolves when all of it has been passed on, which for a long one is done in turns with others' work. */
  async release(): Promise<void> {
    const slice = createSlices()
    for (const event of this.held) {
      this.pass(event)
      await slice()
    }
    this.held = []
  }
}

/** That the API has answered is no answer yet where one has to pass: until then a failure is still the request's. */
function withoutAnswered(event: JobEvent): JobEvent {
  if (event.type !== 'status' || event.answered === undefined) return event
  const rest = { ...event }
  delete rest.answered
  return rest
}
