/** A CLI that does not start: the pool tries ever less often, says so, and goes on when it does start. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import type { Health } from '../../src/health.js'
import { ask, startBridge, until } from '../helper.js'
import { message } from '../standin/index.js'
import { realCli } from './real-cli.js'

const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-broken-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const [binary, broken, log] = ['claude', 'broken', 'starts'].map((name) => path.join(folder, name)) as [string, string, string]
const { binary: real } = await realCli()
/** The real CLI, unless the file `broken` is there; each start leaves its time in milliseconds. */
writeFileSync(
  binary,
  `#!/bin/sh
[ "$1" = --version ] || echo "$(date +%s%3N) $ANTHROPIC_BASE_URL" >> '${log}'
[ "$1" = --version ] || [ ! -e '${broken}' ] || exit 3
exec '${real}' "$@"
`,
  { mode: 0o755 },
)
writeFileSync(broken, '')
appendFileSync(log, '')

const bridge = await startBridge(t, { env: { CLAUDE_BIN: binary, WARM_PROCESSES: '1' } })
const health = async () => (await (await bridge.get('/health')).json()) as Health
/** Those of the server's own processes: the check of a CLI that is not known asks another address. */
const starts = () => {
  const lines = readFileSync(log, 'utf8').split('\n')
  return lines.map((line) => line.split(' ')).flatMap(([at, url]) => (url === bridge.standin.url ? [Number(at)] : []))
}

await t.test('a start that keeps failing backs off and shows', async (t) => {
  t.ok(await until(() => bridge.app.pool.stats.failures >= 3, 30_000), 'three in a row')
  const { warm_pool: pool, processes } = await health()
  t.match(pool, { enabled: true, ready: 0 })
  t.ok(pool.failures >= 3)
  t.ok(pool.next_try === null || pool.next_try > Date.now() / 1000 - 1)
  t.ok(processes.live <= processes.bound)
  const [first, second, third] = starts() as [number, number, number]
  t.ok(second - first >= 950, `a second later at the earliest: ${second - first} ms`)
  t.ok(third - second >= 1950, `two seconds later: ${third - second} ms`)
})

await t.test('a request meanwhile is told what is wrong', async (t) => {
  const response = await bridge.post('/v1/chat/completions', ask('W-broken'))
  t.equal(response.status, 502)
  t.match(await response.json(), { error: { code: 'cli_failed', message: /exit code 3/ } })
})

await t.test('mended: the next request is answered, and the pool comes back by itself', async (t) => {
  rmSync(broken)
  bridge.standin.when('W-mended', message('fine'))
  t.equal((await bridge.post('/v1/chat/completions', ask('W-mended'))).status, 200)
  t.ok(await until(() => bridge.app.pool.stats.ready === 1, 60_000), 'one is ready')
  t.ok(await until(() => bridge.app.pool.stats.failures === 0, 30_000), 'and lives')
  t.match((await health()).warm_pool, { ready: 1, failures: 0, next_try: null })
})
