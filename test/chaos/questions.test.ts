/** Short forms; the long ones are stages of `npm run test:more`. */
import t from 'tap'
import { askQuestions } from './questions.js'

t.setTimeout(300_000)

/** The long forms have another one each time. */
const seed = 7

void t.test('60 questions of five owners: each has its own answer, and the body of a process of its own', async (t) => {
  const tally = await askQuestions({ questions: 60, seed, login: 'key', mode: 'reuse', share: 0.05 })
  t.strictSame(tally.findings, [])
  const { answered = 0, cut = 0, broken = 0 } = tally.outcomes
  t.equal(answered + cut + broken, tally.asked, 'every question has come to an end')
  t.equal(Object.keys(tally.kinds).length, 6, 'of every kind')
  t.equal(Object.keys(tally.cuts).length, 4, 'cut off in every way')
  t.ok(
    Object.values(tally.moves).every((made) => made > 0),
    'with every move',
  )
  t.ok(tally.ways.nothing > 0 && tally.ways.on > 0, 'processes were asked again')
  t.ok(tally.comparisons.nothing > 0 && tally.comparisons.on > 0, 'and compared')
  t.ok(tally.watched.samples > 20)
})
