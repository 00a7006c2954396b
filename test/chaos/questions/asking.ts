/** Asks a question over HTTP, cuts it off where it is to be, and says what came of it. */
import { type Answered, ask } from '../conversations.js'
import { cliProcesses } from '../pool-watch.js'
import { killProcess } from '../server-process.js'
import type { Answer } from './replies.js'
import { messageOf } from './processes.js'
import { keyOf } from './scene.js'
import type { Cut, Message, Question } from './script.js'

export interface Outcome {
  /** `answered`: whole and right; `cut`: as it was to be; `broken`: by the kill of a process, and told so */
  kind: 'answered' | 'cut' | 'broken' | 'wrong'
  /** what to send back; null: nothing whole came */
  message: Message | null
  detail: string
}

/** A server that is well answers far sooner, however busy the machine is. */
const patienceMs = 60_000

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
}

export class Asker {
  /** of processes */
  kills = 0

  constructor(
    private readonly url: string,
    private readonly root: string,
    private readonly random: () => number,
  ) {}

  /** `expected`: what the stand-in has said to the question; null: it was not asked. */
  async ask(question: Question, expected: () => Answer | null): Promise<Outcome> {
    const { owner, cut, body } = question
    const before = this.kills
    const leaving = new AbortController()
    const cutting: { done?: Promise<void> } = {}
    const onBegun = (task: string | null) => {
      if (cut !== null) cutting.done ??= this.cutOff(cut, owner, task, leaving)
    }
    const stream = cut !== null || this.random() < 0.5
    try {
      const asked = ask({ url: this.url, key: keyOf(owner), body, stream, signal: leaving.signal, onBegun })
      // Node's fetch does not always say that it was aborted, where the whole body had come
      const answer = await Promise.race([asked, aborted(leaving.signal)])
      return this.judge(question, answer, expected(), this.kills - before)
    } catch (error) {
      if (leaving.signal.aborted) return { kind: 'cut', message: null, detail: '' }
      return { kind: 'wrong', message: null, detail: String(error) }
    } finally {
      await cutting.done
    }
  }

  private async cutOff(cut: Cut, owner: string, task: string | null, leaving: AbortController): Promise<void> {
    const route = `${this.url}/tasks/${task}`
    const headers = { authorization: `Bearer ${keyOf(owner)}` }
    if (cut === 'leave') leaving.abort()
    else if (cut === 'cancel')
      await (await fetch(`${route}/cancel`, { method: 'POST', headers, signal: AbortSignal.timeout(patienceMs) })).text()
    else if (cut === 'delete') await (await fetch(route, { method: 'DELETE', headers, signal: AbortSignal.timeout(patienceMs) })).text()
    else {
      const pids = cliProcesses(this.root)
      const pid = pids[Math.floor(this.random() * pids.length)]
      if (pid !== undefined && killProcess(pid)) this.kills += 1
    }
  }

  /** @param kills of processes since the question was asked */
  private judge({ cut }: Question, got: Answered, expected: Answer | null, kills: number): Outcome {
    const { status, error, whole, text, calls } = got
    const wrong = (why: string): Outcome => ({
      ...{ kind: 'wrong', message: null },
      detail: `${why}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`,
    })
    if (expected === null) return wrong('the model was not asked')
    const message = messageOf({ text: expected.json ? text : expected.text, call: expected.call })
    const right = expected.json ? text === JSON.stringify({ of: expected.marker }) : text === expected.text
    if (status === 200 && error === null && whole) {
      return right && JSON.stringify(calls[0] ?? null) === JSON.stringify(expected.call)
        ? { kind: 'answered', message, detail: '' }
        : wrong('another answer')
    }
    if (!expected.json && !expected.text.startsWith(text)) return wrong('another beginning')
    if (cut === 'cancel' || cut === 'delete') return { kind: 'cut', message: null, detail: `${status} ${error}` }
    if (error !== 'cli_failed' || kills === 0) return wrong('an error without a cause')
    // a run is made again up to two times where nothing has come of it
    if (text === '' && kills < 3 && !expected.thought) return wrong('broken off before it had begun')
    return { kind: 'broken', message: null, detail: '' }
  }
}
