/** A clock that is set back while processes wait, and while a credential counts as refused. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ClaudeStatus } from '../../src/claude/status.js'
import { WarmPool } from '../../src/claude/pool/warm-pool.js'
import { chatProfile } from '../../src/claude/process/launch-flags.js'
import type { Session } from '../../src/claude/session.js'
import { setClockBack } from '../helper-clock.js'
import { until } from '../helper.js'

const profile = chatProfile({ model: 'sonnet' }, 'api_key')

/** A pool whose processes are none: they begin at once, and end when they are told. */
function pool(idleMs: number, launch: () => Promise<Session> = async () => idle()): WarmPool {
  return new WarmPool({
    ...{ perProfile: 1, total: 1, idleMs, startLimitMs: 1000 },
    launch,
    ready: async () => {},
    quiet: () => true,
    hasRoom: () => true,
    onFailure: () => {},
  })
}

function idle(): Session {
  let end!: () => void
  const gone = new Promise<void>((resolve) => (end = resolve))
  return { gone, end: async () => end(), child: { kill: end } } as unknown as Session
}

await t.test('a ready process that nobody asks for is ended in time', async (t) => {
  const warm = pool(300)
  warm.prepare(profile)
  t.ok(await until(() => warm.stats.ready === 1))
  setClockBack(t)
  t.ok(await until(() => warm.stats.ready === 0, 3000), 'the sweep lets it go')
  await warm.close()
})

await t.test('a start that failed is made again in time', async (t) => {
  let starts = 0
  const warm = pool(60_000, async () => {
    starts += 1
    if (starts === 1) throw new Error('no')
    return idle()
  })
  warm.prepare(profile)
  t.ok(await until(() => warm.stats.failures === 1))
  setClockBack(t)
  const wait = warm.stats.next_try! - Date.now() / 1000
  t.ok(wait > 0 && wait < 3, `the next try is said to be in ${wait} s, by the clock as it is now`)
  t.ok(await until(() => warm.stats.ready === 1, 4000))
  await warm.close()
})

await t.test('a refused credential is tried again in time', async (t) => {
  const env = { ANTHROPIC_API_KEY: 'none' }
  const status = new ClaudeStatus('/nowhere/claude', env, {}, { recheckMs: 10_000, askMs: 1000, refusedMs: 100 })
  status.observe({ kind: 'failed', failure: { code: 'upstream_auth', message: 'no' } }, 'anna', 'job_1')
  t.equal(status.halfOpen, false)
  setClockBack(t)
  await sleep(150)
  t.equal(status.halfOpen, true)
})
