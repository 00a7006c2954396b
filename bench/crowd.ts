/** Many short questions, so many at once. */
import { type ChatMessage, askStreaming, systemPrompt } from './ask.js'
import type { Bridge } from './bridge.js'
import { newQuestion } from './question.js'
import type { Rig } from './rig.js'

/** As many as a server has places on two cores. */
export const atOnce = 8

export interface CrowdOptions {
  questions: number
  /** left out: {@link atOnce} */
  width?: number
  /** how long the model keeps silent before its first word, in milliseconds */
  holdMs?: number
  /** each answer ends at `max_tokens` */
  cut?: boolean
  /** what was said before each question, by the number of the client that asks it; left out: nothing */
  history?: readonly (readonly ChatMessage[])[]
}

export interface CrowdTimes {
  /** of each question that was answered, in milliseconds */
  firsts: number[]
  /** from the first question to the last answer */
  wallMs: number
}

/** A question without its right answer is a problem of the run. Rejects where the step's time is up. */
export async function crowd(rig: Rig, { url }: Bridge, options: CrowdOptions): Promise<CrowdTimes> {
  const { questions, width = atOnce, holdMs = 0, cut = false, history = [] } = options
  const firsts: number[] = []
  const from = performance.now()
  let asked = 0
  const client = async (number: number) => {
    while (asked++ < questions) {
      rig.signal.throwIfAborted()
      const { text, answer } = newQuestion(holdMs, cut ? 'cut' : '')
      try {
        const system: ChatMessage = { role: 'system', content: systemPrompt }
        const messages: ChatMessage[] = [system, ...(history[number] ?? []), { role: 'user', content: text }]
        const timed = await askStreaming(url, messages, cut ? { max_tokens: 16 } : {})
        firsts.push(timed.firstMs)
        rig.findings.check(timed.text === answer, `${width} at once: ${JSON.stringify(timed.text)} came for ${answer}`)
      } catch (error) {
        // its server has been killed
        rig.signal.throwIfAborted()
        rig.findings.problems.push(`${width} at once: ${String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: width }, (_, number) => client(number)))
  return { firsts, wallMs: performance.now() - from }
}

/** Has a process of its own for each of so many questions at once: none is answered before the last one has come. */
export async function fillSessions(rig: Rig, bridge: Bridge): Promise<void> {
  await crowd(rig, bridge, { questions: atOnce, holdMs: 3000 })
}
