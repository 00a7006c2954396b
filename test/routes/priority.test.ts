/** Keys with a priority: so many turns in a row, and none of the others is left waiting for ever. */
import t from 'tap'
import { askDirect, gate, startBridge, until } from '../helper.js'
import { message } from '../standin/index.js'

await t.test('a key with a long line and a high priority does not starve one without', async (t) => {
  const admin = 'an-admin-key-of-32-characters-00'
  const bridge = await startBridge(t, { direct: 1, env: { ADMIN_KEY: admin } })
  const make = async (name: string, priority: number) => {
    const answer = await bridge.post('/admin/keys', { name, priority }, { authorization: `Bearer ${admin}` })
    const { key } = (await answer.json()) as { key: string }
    return { authorization: `Bearer ${key}` }
  }
  const [urgent, plain] = [await make('urgent', 4), await make('plain', 1)]
  const { opened, open } = gate()
  t.teardown(open)
  bridge.standin.when('P-first', message('x', { hold: { afterDeltas: 0, until: opened } }))
  bridge.standin.when('P-urgent', message('x'))
  bridge.standin.when('P-plain', message('x'))
  const waiting = () => bridge.app.jobs.stats('network').queued
  const line: Promise<Response>[] = [bridge.post('/v1/chat/completions', askDirect('P-first'), plain)]
  await bridge.asked('P-first')
  for (let n = 1; n <= 20; n++) line.push(bridge.post('/v1/chat/completions', askDirect('P-urgent'), urgent))
  await until(() => waiting() === 20)
  for (let n = 1; n <= 3; n++) line.push(bridge.post('/v1/chat/completions', askDirect('P-plain'), plain))
  await until(() => waiting() === 23)
  const before = bridge.standin.requests.length
  open()
  for (const answer of await Promise.all(line)) t.equal(answer.status, 200)
  const order = bridge.standin.requests.slice(before).map(({ body }) => (JSON.stringify(body).includes('P-plain') ? 'p' : 'u'))
  t.match(order.join(''), /^u{1,4}pu{4}pu{4}pu+$/, 'four turns to one')
  await bridge.idle()
})
