/** Asks the questions of model calls again, each of a process of its own, and compares what the model's API gets of the two. */
import { ask } from '../conversations.js'
import { Calls, type ModelCall } from './calls.js'
import { compare } from './compare.js'
import type { Expected, Way } from './processes.js'
import { type Login, keyOf, openScene } from './scene.js'

export interface Compared {
  /** how many were compared, by how the process had come to the question */
  comparisons: Record<Way, number>
  /** answers in kept turns of those, before which the model's thoughts stood */
  thoughtsKept: number
  /** of the comparison */
  secondsAlone: number
  findings: string[]
}

export interface CompareOptions {
  login: Login
  /** of the calls; the first of each way is always compared */
  share: number
  random: () => number
}

const workers = 2
const env = { MAX_CONCURRENT: String(workers), WARM_PROCESSES: '0' }

/** `expected`: of each call. */
export async function compareCalls(
  calls: readonly ModelCall[],
  expected: readonly Expected[],
  { login, share, random }: CompareOptions,
): Promise<Compared> {
  const tally: Compared = { comparisons: { new: 0, nothing: 0, point: 0, on: 0 }, thoughtsKept: 0, secondsAlone: 0, findings: [] }
  const alone = new Calls()
  const scene = await openScene({ login, mode: 'per-job', standin: { fallback: alone.answer }, env, lookMs: 1000 })
  const from = performance.now()
  const compareOne = async ({ call, question }: ModelCall, by: Expected) => {
    alone.expect(question)
    const { error } = await ask({ url: scene.url, key: keyOf(question.owner), body: question.body, stream: false })
    const reference = alone.callFor(question)
    const about = `${question.marker} ${question.move}, ${question.kind.name}, ${by.way}`
    if (error !== null || reference === null) return void tally.findings.push(`${about}: no reference, ${error}`)
    tally.comparisons[by.way] += 1
    tally.thoughtsKept += by.thoughts.filter(Boolean).length
    tally.findings.push(...compare(call, reference, by, login).map((found) => `${about}: ${found}`))
  }
  try {
    const ways = new Set<Way>()
    const chosen = calls.flatMap((call, index) => {
      const by = expected[index]!
      const first = !ways.has(by.way)
      ways.add(by.way)
      return random() < share || first ? [{ call, by }] : []
    })
    // those of one marker are regenerated ones: one after the other
    const worker = async (number: number) => {
      const own = chosen.filter(({ call }) => Number(/\d+/.exec(call.question.marker)![0]) % workers === number)
      for (const { call, by } of own) await compareOne(call, by)
    }
    await Promise.all(Array.from({ length: workers }, (_, number) => worker(number)))
  } finally {
    await scene.remove()
  }
  return { ...tally, secondsAlone: (performance.now() - from) / 1000 }
}
