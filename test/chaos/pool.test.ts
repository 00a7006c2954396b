import t from 'tap'
import { poolChurn } from './pool.js'

void t.test('conversations over few processes: every answer is its own', async (t) => {
  const seed = Date.now() % 1_000_000
  t.comment(`seed ${seed}`)
  const tally = await poolChurn(30, seed)
  t.equal(tally.answered + tally.left, 30, 'every request was answered or left')
  t.match(tally, { wrong: [], overBound: [], disagreed: [], slots: 0, processesLeft: 0 })
  t.ok(tally.idle <= tally.idleBound, 'no more than may wait')
  t.ok(tally.wentOn > 0, 'some went on in their own process')
  t.ok(tally.samples > 20)
})
