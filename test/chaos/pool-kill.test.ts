import t from 'tap'
import { killWhileAsking } from './pool-kill.js'

void t.test('killed processes: nobody is told anything wrong', async (t) => {
  const seed = Date.now() % 1_000_000
  t.comment(`seed ${seed}`)
  const tally = await killWhileAsking(28, seed)
  t.ok(tally.killed >= 5, 'some were killed')
  t.equal(tally.answered + tally.brokenOff, 28, 'every request was answered, or broken off in its middle')
  t.match(tally, { failedUnbegun: [], wrong: [], overBound: [], status: 'ok', slots: 0, processesLeft: 0, foldersLeft: 0 })
})
