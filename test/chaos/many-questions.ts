/**
 * Thousands of small questions in a row: the server's memory, files and processes do not grow with them, and nothing keeps it from ending.
 * `node dist/test/chaos/many-questions.js 5000` prints the tally.
 */
import { type Said, ask } from './conversations.js'
import type { Watched } from './pool-watch.js'
import { answerTo, markerIn, markerOf, replyOf } from './questions/replies.js'
import { type Left, type Scene, keyOf, leftOver, openScene, owners, quiet } from './questions/scene.js'

export interface ManyTally {
  questions: number
  /** CLI processes that were used */
  processes: number
  seconds: number
  /** the highest of the server within each fifth of the questions, in MiB: V8 takes and returns tens of them at times of its own */
  rss: number[]
  /** of the server when nothing runs, after the first part and at the end */
  files: [first: number, last: number]
  watched: Watched
  left: Left
  findings: string[]
}

const clients = 8
const env = { MAX_CONCURRENT: String(clients), MAX_PROCESSES: '10', WARM_PROCESSES: '1' }
/** Memory is looked at so many times within a hundred questions. */
const looks = 10
const mostGrowth = 1.1
/** Files of connections that come and go. */
const moreFiles = 10

export async function askMany(questions: number): Promise<ManyTally> {
  const sessions = new Set<unknown>()
  const scene = await openScene({
    ...{ login: 'key', mode: 'reuse', env, lookMs: 250 },
    standin: {
      keep: 100,
      fallback: ({ body, headers }) => {
        sessions.add(headers['x-claude-code-session-id'])
        const marker = markerIn(body)!
        return replyOf(answerTo(body, marker), marker, body)
      },
    },
  })
  const asking = new Asking(scene)
  const from = performance.now()
  try {
    const first = questions / 5
    await asking.until(first)
    await quiet(scene)
    const files = scene.files()
    await asking.until(questions)
    const seconds = (performance.now() - from) / 1000
    await quiet(scene)
    const lastFiles = scene.files()
    const { watched, left } = await scene.stop()
    const findings = [...asking.wrong, ...watched.overBound, ...watched.disagreed, ...leftOver(left)]
    return { questions, processes: sessions.size, seconds, rss: asking.memory(), files: [files, lastFiles], watched, left, findings }
  } finally {
    await scene.remove()
  }
}

/** The last fifth, against the first: of a few questions it says nothing. */
function growth({ rss, files }: ManyTally): string[] {
  const found: string[] = []
  if (rss.at(-1)! > rss[0]! * mostGrowth) found.push(`${rss.at(-1)} MiB in the end, ${rss[0]} in the beginning`)
  if (files[1] > files[0] + moreFiles) found.push(`${files[1]} open files at the end, ${files[0]} after the first fifth`)
  return found
}

class Asking {
  readonly wrong: string[] = []
  private readonly rss: number[] = []
  private asked = 0

  constructor(private readonly scene: Scene) {}

  memory(): number[] {
    const size = this.rss.length / 5
    return [0, 1, 2, 3, 4].map((part) => Math.round(Math.max(...this.rss.slice(part * size, (part + 1) * size)) / 1024 / 1024))
  }

  async until(total: number): Promise<void> {
    const client = async (number: number) => {
      const owner = owners[number % owners.length]!
      let history: Said[] = []
      while (this.asked < total) {
        const question = ++this.asked
        if (question % (100 / looks) === 0) this.rss.push(this.scene.rss())
        history = await this.one(owner, question, history.length > 2 ? [] : history)
      }
    }
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  }

  private async one(owner: string, number: number, history: Said[]): Promise<Said[]> {
    const marker = markerOf(owner, number)
    const expected = `Answer to ${marker} one two three.`
    const messages = [...history, { role: 'user', content: marker }]
    const body = { model: 'sonnet', messages: [{ role: 'system', content: 'Be brief.' }, ...messages] }
    try {
      const { text, whole, error } = await ask({ url: this.scene.url, key: keyOf(owner), body, stream: number % 2 === 0 })
      if (text !== expected || !whole) this.wrong.push(`${marker}: ${text}, ${error}`)
    } catch (error) {
      this.wrong.push(`${marker}: ${String(error)}`)
    }
    return [...messages, { role: 'assistant', content: expected }]
  }
}

if (process.argv[1] === import.meta.filename) {
  const tally = await askMany(Number(process.argv[2] ?? 5000))
  console.log(JSON.stringify(tally, null, 2))
  const { questions, seconds, processes, rss } = tally
  const findings = [...tally.findings, ...growth(tally)]
  const memory = `at most ${rss.join(', ')} MiB in each fifth`
  console.log(
    findings.length === 0
      ? `${questions} questions in ${seconds.toFixed(0)} s, ${processes} processes, ${memory}`
      : `${findings.length} findings`,
  )
  process.exitCode = findings.length === 0 ? 0 : 1
}
