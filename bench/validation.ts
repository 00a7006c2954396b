/** What checks of an answer cost, and one more attempt in the process that gave the first. The ways take turns. */
import { askBlocking, poolReady } from './ask.js'
import type { Bridge } from './bridge.js'
import { newQuestion } from './question.js'
import type { Rig } from './rig.js'

const modelMs = 200
const validation = [
  { type: 'response_not_empty' },
  { type: 'length', params: { min: 5, max: 1000 } },
  { type: 'contains', params: { text: 'have asked' } },
]
const retry_config = { max_attempts: 2, initial_delay: 0, jitter: 0 }

export async function measureValidation(rig: Rig, warm: Bridge): Promise<void> {
  const rounds = rig.quick ? 10 : 40
  const times = { unchecked: [] as number[], validated: [] as number[], retried: [] as number[] }
  const ask = async (wrongFirst: boolean, more: object): Promise<number> => {
    const question = newQuestion(modelMs, wrongFirst ? 'wrong first' : '')
    await poolReady(warm.url)
    const timed = await askBlocking(warm.url, [{ role: 'user', content: question.text }], more)
    rig.findings.check(timed.text === question.answer, `validation: ${JSON.stringify(timed.text)} came for ${question.marker}`)
    return timed.totalMs
  }
  const ways = [
    async () => times.unchecked.push(await ask(false, {})),
    async () => times.validated.push(await ask(false, { validation, retry_config })),
    async () => times.retried.push(await ask(true, { validation, retry_config })),
  ]
  // the first round warms everybody up and does not count
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) await ways[(turn + round) % ways.length]!()
    if (round === 0) for (const list of Object.values(times)) list.length = 0
  }
  const model = `model takes ${modelMs} ms`
  rig.findings.add('unchecked_total', `no checks (${model}): total`, 'ms', times.unchecked)
  rig.findings.add('validated_total', `three checks that pass (${model}): total`, 'ms', times.validated)
  const extra = times.retried.map((total, round) => total - times.validated[round]! - modelMs)
  rig.findings.add('retry_extra', "a second attempt, beyond the model's time", 'ms', extra)
}
