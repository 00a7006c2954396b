/** Processes that end in the turn that they make beforehand: the pool hears of it at once. */
import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import { until } from '../helper.js'
import { program } from './check/stub.js'
import { noneAlive, temporary } from './harness.js'

/** Its CLI answers that it is there; where it is told to make its turn, it notes its id and then does `then`. */
function startPool(t: Test, then: string): { pool: ClaudeExecutor; turns: () => number[] } {
  const log = path.join(temporary(t), 'turns')
  appendFileSync(log, '')
  const binary = program(
    t,
    `import { createInterface } from 'node:readline'
import { appendFileSync } from 'node:fs'
createInterface({ input: process.stdin }).on('line', (line) => {
  const { request_id, request } = JSON.parse(line)
  if (request.subtype === 'initialize') {
    appendFileSync(${JSON.stringify(log)}, process.pid + '\\n')
    ${then}
  } else console.log(JSON.stringify({ type: 'control_response', response: { subtype: 'success', request_id, response: {} } }))
})`,
  )
  const pool = new ClaudeExecutor({
    binary: () => ({ path: binary, version: '2.1.329', problem: null }),
    abilities: () => ({ takingBack: true, newPrompt: true, warmUp: true }),
    ...{ credential: 'api_key', env: { PATH: process.env['PATH'] ?? '' }, workspaceRoot: temporary(t), observe: () => {} },
    warm: { perProfile: 1, total: 1, parked: 0, idleMs: 60_000 },
    // a first turn may take half of it
    startLimitMs: 4000,
  })
  t.teardown(() => pool.close())
  return { pool, turns: () => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number) }
}

await t.test('one that is killed says nothing about the next', async (t) => {
  const { pool, turns } = startPool(t, '')
  pool.prepare('sonnet')
  // the next starts after 1 s, then after 2 s: later than the first may take
  for (const count of [1, 2]) {
    t.ok(await until(() => turns().length === count), `process ${count} makes its turn`)
    process.kill(turns().at(-1)!, 'SIGKILL')
  }
  t.ok(await until(() => turns().length === 3), 'and so does the third')
  await pool.close()
  t.notOk(process.getActiveResourcesInfo().includes('Timeout'), 'nothing waits for them any more')
})

await t.test('after one that ends by itself, none makes the turn', async (t) => {
  const { pool, turns } = startPool(t, 'process.exit(1)')
  pool.prepare('sonnet')
  t.ok(await until(() => pool.stats.ready === 1), 'the next is ready')
  t.equal(turns().length, 1)
  await pool.close()
  noneAlive(t)
})
