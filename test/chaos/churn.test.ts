import t from 'tap'
import { churn } from './churn.js'

void t.test('clients that leave leave nothing behind', async (t) => {
  const tally = await churn(36)
  t.equal(tally.answered + tally.left, 36, 'every request was answered or left')
  t.ok(tally.left >= 5, 'some did leave')
  t.match(tally, { wrong: [], processes: 0, folders: 0, slots: 0, queued: 0, upstreamOpen: 0 })
})
