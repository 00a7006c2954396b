import t from 'tap'
import { spendInEveryWay } from './spending.js'

void t.test('what /usage says is what the stand-in was asked, also of a server that was killed', async (t) => {
  const tally = await spendInEveryWay(24)
  t.ok(tally.calls > 24)
  t.equal(tally.counted, tally.told)
  t.equal(tally.ended, tally.requests)
  t.equal(tally.countedWhenKilled, tally.toldWhenKilled)
})
