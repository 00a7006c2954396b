/** A server of this version on the database of an earlier one, which knew keys without a name by their place in `API_KEYS`. */
import path from 'node:path'
import t, { type Test } from 'tap'
import { authorization, keys } from '../fixtures/databases/keys.js'
import { fixtureEnvironment } from '../fixtures/databases/models.js'
import { copyFixture } from '../fixtures/databases/open.js'
import { startServer, temporary } from '../helper-server.js'
import { bare } from './sqlite/helpers.js'

t.setTimeout(300_000)
/** No model is asked: what had not ended is left out. */
const nowhere = 'http://127.0.0.1:9'

type Holder = 'first' | 'second' | 'ann'

/** A copy of the fixture, and servers on it one after the other: `start` says what each key reads, and what the log says of moved records. */
async function opened(t: Test) {
  const home = temporary(t)
  const dataDir = path.join(home, 'data')
  const { made } = copyFixture('schema-3', dataDir)
  await bare(dataDir, "DELETE FROM jobs WHERE status IN ('queued', 'in_progress')")
  const env = { PATH: process.env['PATH']!, HOME: home, PORT: '0', ...fixtureEnvironment(dataDir, nowhere, nowhere) }
  const ids = (asker: Holder) =>
    made
      .filter((job) => job.asker === asker && !job.goesOn)
      .map(({ id }) => id)
      .sort()
  const start = async (apiKeys: string, holders: readonly Holder[]) => {
    const server = await startServer(t, { ...env, API_KEYS: apiKeys })
    if (server.url === '') throw new Error(server.stderr() || 'it does not start')
    const read: Partial<Record<Holder, string[]>> = {}
    for (const holder of holders) {
      const response = await fetch(`${server.url}/tasks?limit=100`, { headers: authorization(holder) })
      const list = (await response.json()) as { data: { id: string }[] }
      read[holder] = list.data.map(({ id }) => id).sort()
    }
    server.process.kill('SIGTERM')
    await server.ended
    const moved = server
      .stdout()
      .split('\n')
      .filter((line) => line.includes('"moved"'))
      .map((line) => JSON.parse(line) as { moved: number; left: number })
    return { read, moved }
  }
  return { ids, start }
}

await t.test('moved at the first start; from then on a place means nothing', async (t) => {
  const { ids, start } = await opened(t)
  const [first, second, ann] = [ids('first'), ids('second'), ids('ann')]
  const initial = await start(`${keys.first},${keys.second},ann:${keys.ann}`, ['first', 'second', 'ann'])
  t.strictSame(initial.read, { first, second, ann })
  t.match(initial.moved, [{ moved: first.length + second.length, left: 0 }], 'one log line says how many')
  const again = await start(`ann:${keys.ann},${keys.second},${keys.first}`, ['first', 'second', 'ann'])
  t.strictSame(again, { read: { first, second, ann }, moved: [] }, 'in another order')
  const without = await start(`${keys.second},ann:${keys.ann}`, ['second', 'ann'])
  t.strictSame(without, { read: { second, ann }, moved: [] }, 'the second key does not read the tasks of the first, which is gone')
})

await t.test('an entry with a name gets nothing, and what has no entry stays where it is', async (t) => {
  const { ids, start } = await opened(t)
  const [first, second, ann] = [ids('first'), ids('second'), ids('ann')]
  const initial = await start(`bob:${keys.first},ann:${keys.ann}`, ['first', 'ann'])
  t.strictSame(initial.read, { first: [], ann })
  t.match(initial.moved, [{ moved: 0, left: first.length + second.length }])
})
