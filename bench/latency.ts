/** Times of one request at a time. The cases take turns, so that whatever else the machine does hits them all alike. */
import type { Bridge } from './bridge.js'
import { type Timed, poolReady } from './ask.js'
import { type LatencyCase, latencyCases } from './latency-cases.js'
import { newQuestion } from './question.js'
import { rest } from './rest.js'
import type { Rig } from './rig.js'

interface Times {
  first: number[]
  total: number[]
}

export async function measureLatency(rig: Rig, cold: Bridge, warm: Bridge): Promise<void> {
  const cases = latencyCases(rig, cold, warm)
  const times = new Map(cases.map(({ id }): [string, Times] => [id, { first: [], total: [] }]))
  const rounds = rig.quick ? 4 : 20
  const { enabled } = await poolReady(warm.url)
  if (!enabled) rig.findings.notes.push('the server has no warm pool: what is called warm here is cold')
  // the first round warms everybody up and does not count
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < cases.length; turn++) {
      // each case comes after each other one in some round
      const one = cases[(turn + round) % cases.length]!
      rig.signal.throwIfAborted()
      const sample = await measureOnce(rig, one, [cold.pid, warm.pid])
      if (round === 0 || sample === null) continue
      times.get(one.id)!.first.push(sample.firstMs)
      times.get(one.id)!.total.push(sample.totalMs)
    }
  }
  for (const one of cases) await one.after?.()
  for (const { id, name, blocking } of cases) {
    if (!blocking) rig.findings.add(`${id}_first`, `${name}: first token`, 'ms', times.get(id)!.first, 'first')
  }
  for (const { id, name } of cases) {
    rig.findings.add(`${id}_total`, `${name}: total`, 'ms', times.get(id)!.total, 'total')
  }
}

/** Null where there was no answer. */
async function measureOnce(rig: Rig, one: LatencyCase, pids: readonly number[]): Promise<Timed | null> {
  const question = newQuestion()
  try {
    await one.before?.()
    await rest(pids)
    const timed = await one.ask(question)
    const { marker, answer } = question
    rig.findings.check(timed.text === answer, `${one.name}: ${JSON.stringify(timed.text)} came for ${marker}`)
    return timed
  } catch (error) {
    rig.signal.throwIfAborted()
    rig.findings.problems.push(`${one.name}: ${String(error)}`)
    return null
  }
}
