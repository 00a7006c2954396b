import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { AnswerCache } from '../../src/http/answer-cache.js'
import type { Jobs } from '../../src/jobs/jobs.js'
import { jobWith } from '../jobs/conformance/records.js'
import { setClockBack } from '../helper-clock.js'

void test('each owner has answers of its own', async (t) => {
  const cache = new AnswerCache(60)
  const keyFor = (owner: string) => cache.keyOf({ owner, headers: {}, body: { model: 'sonnet', messages: [], temperature: 0 } })
  t.type(await keyFor('ann'), 'string')
  t.equal(await keyFor('ann'), await keyFor('ann'))
  t.not(await keyFor('bob'), await keyFor('ann'))
})

void test('an answer is kept as long as was said, though the clock is set back', async (t) => {
  const cache = new AnswerCache(1)
  const job = jobWith({ createdAt: Date.now(), completedAt: Date.now() + 400, status: 'completed' })
  const jobs = { get: async () => job } as unknown as Jobs
  const ask = async () => (await cache.take('key', job.owner, jobs, async () => job)).hit
  t.equal(await ask(), false)
  setClockBack(t)
  await sleep(1200)
  t.equal(await ask(), true, 'its time counts from the answer on, which took 400 ms')
  await sleep(400)
  t.equal(await ask(), false)
})
