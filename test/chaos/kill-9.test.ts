import t from 'tap'
import { killAgainAndAgain } from './kill-9.js'

void t.test('kill -9 loses nothing that was acknowledged', async (t) => {
  const tally = await killAgainAndAgain(4, (line) => t.comment(line))
  t.ok(tally.acknowledged >= 8, 'jobs were acknowledged')
  t.equal(tally.completed + tally.interrupted, tally.acknowledged, 'every job has ended, complete or interrupted')
  t.match(tally, { lost: [], unended: [], changed: [], wrong: [], survivors: 0, leftovers: 0 })
})
