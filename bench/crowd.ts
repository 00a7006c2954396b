/** Many short questions, so many at once. */
import { askStreaming, systemPrompt } from './ask.js'
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
}

export interface CrowdTimes {
  /** of each question that was answered, in milliseconds */
  firsts: number[]
  /** from the first question to the last answer */
  wallMs: number
}

/** A question without its right answer is a problem of the run. Rejects where the step's time is up. */
export async function crowd(rig: Rig, { url }: Bridge, options: CrowdOptions): Promise<CrowdTimes> {
  const { questions, width = atOnce, holdMs = 0 } = options
  const firsts: number[] = []
  const from = performance.now()
  let asked = 0
  const client = async () => {
    while (asked++ < questions) {
      rig.signal.throwIfAborted()
      const { text, answer } = newQuestion(holdMs)
      try {
        const messages = [{ role: 'system', content: systemPrompt } as const, { role: 'user', content: text } as const]
        const timed = await askStreaming(url, messages)
        firsts.push(timed.firstMs)
        rig.findings.check(timed.text === answer, `${width} at once: ${JSON.stringify(timed.text)} came for ${answer}`)
      } catch (error) {
        rig.findings.problems.push(`${width} at once: ${String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: width }, client))
  return { firsts, wallMs: performance.now() - from }
}

/** Has a process of its own for each of so many questions at once: none is answered before the last one has come. */
export async function fillSessions(rig: Rig, bridge: Bridge): Promise<void> {
  await crowd(rig, bridge, { questions: atOnce, holdMs: 3000 })
}
