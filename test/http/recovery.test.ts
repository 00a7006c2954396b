/** What an earlier server left is taken up once the server listens, and not before. */
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { anonymous } from '../../src/api-keys.js'
import { openSqliteStore } from '../../src/jobs/sqlite/store.js'
import { realCli } from '../claude/real-cli.js'
import { environment, until } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { requestOf } from '../jobs/bench.js'
import { jobWith, put, queued, running } from '../jobs/conformance/records.js'
import { message, startStandin } from '../standin/index.js'

await t.test('with the port in use, nothing is done with the jobs', { skip: process.platform !== 'linux' }, async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  standin.when('R-left', message('at last'))
  const home = temporary(t)
  const { binary } = await realCli()
  const started = path.join(home, 'started')
  const wrapper = path.join(home, 'claude')
  writeFileSync(wrapper, `#!/bin/sh\necho "$@" >> '${started}'\nexec '${binary}' "$@"\n`, { mode: 0o755 })
  const env: Record<string, string> = { ...environment(home, standin.url), CLAUDE_BIN: wrapper }

  // a server was killed while one job waited and another ran
  const dataDir = env['DATA_DIR']!
  const ids = await onStore(dataDir, async (store) => {
    await store.begin()
    const jobs = [0, 1].map(() => jobWith({ owner: anonymous, background: true, createdAt: Date.now() }))
    for (const job of jobs) await store.create(job, requestOf('R-left'), queued)
    await put(store, jobs[1]!.id, running)
    return jobs.map(({ id }) => id)
  })
  const events = () => onStore(dataDir, (store) => Promise.all(ids.map((id) => store.events(id, 0, 100))))
  const before = await events()

  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  t.teardown(() => blocker.close())
  const { port } = blocker.address() as AddressInfo
  for (const name of ['first', 'second']) {
    const server = await startServer(t, { ...env, HOST: '127.0.0.1', PORT: String(port) })
    t.equal((await server.ended).code, 1, `the ${name} one ends`)
    t.match(server.stderr(), /is in use/)
  }
  t.strictSame(await events(), before, 'the logs have no event more')
  t.notOk(existsSync(started), 'no CLI was started')
  t.equal(standin.calls.length, 0)
  t.strictSame(
    await onStore(dataDir, async (store) => (await store.unfinished()).map(({ deaths }) => deaths)),
    [0, 0],
    'no death is counted',
  )

  const server = await startServer(t, env)
  for (const id of ids) {
    const task = (await (await fetch(`${server.url}/tasks/${id}?wait=60`)).json()) as object
    t.match(task, { status: 'completed' })
  }
  t.ok(readFileSync(started, 'utf8').length > 0)
  t.match(server.stdout(), /"queued":1,"rerun":1,"interrupted":0.*took up what an earlier server had left/, 'the kill was not forgotten')
  const [, ran] = await (async () => {
    server.process.kill('SIGTERM')
    await server.ended
    return events()
  })()
  t.match(ran![2], { event: { type: 'status', status: 'queued', reason: 'the server was restarted' } })
  t.ok(await until(() => server.workers().length === 0))
})

async function onStore<T>(dataDir: string, body: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ dataDir })
  try {
    return await body(store)
  } finally {
    await store.close()
  }
}
