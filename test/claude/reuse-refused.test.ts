/** Where no process answers a second question. */
import t, { type Test } from 'tap'
import { type Bridge, type BridgeOptions, startBridge } from '../helper.js'
import { message } from '../standin/index.js'
import { sessionOf } from './prefix.js'
import { realCli } from './real-cli.js'

const cli = await realCli()

/** The processes of two questions, the second of which another process could have answered. */
async function sessions(bridge: Bridge, more: object[] = [{}, {}]): Promise<unknown[]> {
  const found: unknown[] = []
  for (const [index, fields] of more.entries()) {
    const response = await bridge.post('/v1/chat/completions', { model: 'sonnet', question: `question ${index}`, ...fields })
    await response.text()
    found.push(sessionOf(bridge.standin.calls.at(-1)!))
  }
  return found
}

async function different(t: Test, options: BridgeOptions, more?: object[]): Promise<void> {
  const bridge = await startBridge(t, { standin: { fallback: () => message('Fine.') }, ...options })
  const found = await sessions(bridge, more)
  t.equal(new Set(found).size, found.length)
}

await t.test('by default one does', { skip: !cli.abilities().takingBack }, async (t) => {
  const bridge = await startBridge(t, { standin: { fallback: () => message('Fine.') }, env: { WARM_PROCESSES: '1' } })
  const [first, second] = await sessions(bridge)
  t.equal(first, second)
})

await t.test('PROCESS_PER_JOB=1', (t) => different(t, { env: { PROCESS_PER_JOB: '1', WARM_PROCESSES: '1' } }))
await t.test('WARM_PROCESSES=0', (t) => different(t, { env: { WARM_PROCESSES: '0' } }))
await t.test('strangers', (t) => different(t, { env: { ALLOW_ANONYMOUS: '1', HOST: '0.0.0.0', WARM_PROCESSES: '1' } }))
await t.test('people behind one key', (t) => different(t, { env: { WARM_PROCESSES: '1' } }, [{ user: 'anna' }, { user: 'bert' }, {}]))
await t.test('file tools', (t) =>
  different(t, { env: { WARM_PROCESSES: '1' } }, [{ allowed_tools: ['Read'] }, { allowed_tools: ['Read'] }]),
)

await t.test('after a failure, and after a limit that the process was ended at', async (t) => {
  const bridge = await startBridge(t, { env: { WARM_PROCESSES: '1' } })
  bridge.standin.when('question 0', message('cut short', { stopReason: 'max_tokens' }))
  bridge.standin.when('question 1', message('Fine.'))
  const [first, second] = await sessions(bridge)
  t.not(first, second)
})
