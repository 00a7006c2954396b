import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import { JobLog } from '../../src/jobs/log.js'
import { soon } from './bench.js'
import { text } from './conformance/records.js'

const waiting: JobEvent = { type: 'status', status: 'in_progress', phase: 'waiting' }
const end: JobEvent = { type: 'end', status: 'completed', error: null }

const marks = ({ lastSeq, shownSeq, storedSeq }: JobLog) => ({ lastSeq, shownSeq, storedSeq })
const unstored = (log: JobLog) => log.unstored().map(({ seq }) => seq)
const numbers = (log: JobLog, after: number, durable = false) => log.read(after, durable)?.map(({ seq }) => seq)

await t.test('status is shown at once, to durable readers when it is stored', async (t) => {
  const log = new JobLog(1)
  t.equal(log.append(waiting, 5), false)
  t.strictSame(marks(log), { lastSeq: 2, shownSeq: 2, storedSeq: 1 })
  t.strictSame(log.read(1, false), [{ seq: 2, at: 5, event: waiting }])
  t.strictSame(log.read(1, true), [])
  t.strictSame(numbers(log, 2), [])
  log.stored(2)
  t.strictSame(numbers(log, 1, true), [2])
})

await t.test('the first content waits for the store, and so does all after it; later content is shown at once', async (t) => {
  for (const first of [
    text('a'),
    { type: 'reasoning', choice: 0, text: 'a' },
    { type: 'tool_call', choice: 0, index: 0, id: 'i', name: 'n', arguments: '' },
    { type: 'finish', choice: 0, reason: 'stop' },
  ] satisfies JobEvent[]) {
    const log = new JobLog(1)
    log.append(waiting, 0)
    t.equal(log.append(first, 0), true, `${first.type} is urgent`)
    t.equal(log.append(text('b'), 0), false, 'the second is not')
    log.append(waiting, 0)
    t.strictSame(marks(log), { lastSeq: 5, shownSeq: 2, storedSeq: 1 })
    t.strictSame(numbers(log, 1), [2])
    log.stored(3)
    t.strictSame(marks(log), { lastSeq: 5, shownSeq: 5, storedSeq: 3 }, 'with what came meanwhile')
    log.append(text('c'), 0)
    t.equal(log.shownSeq, 6)
    t.strictSame(numbers(log, 3, true), [], 'a durable reader is behind')
  }
})

await t.test('a write of earlier events that was under way does not show the first content', async (t) => {
  const log = new JobLog(1)
  log.append(waiting, 0)
  log.append(waiting, 0)
  log.append(text('a'), 0)
  log.stored(3)
  t.strictSame(marks(log), { lastSeq: 4, shownSeq: 3, storedSeq: 3 })
  t.strictSame(numbers(log, 1), [2, 3])
  log.stored(4)
  t.equal(log.shownSeq, 4)
})

await t.test('the end is not shown before it is stored', async (t) => {
  const log = new JobLog(1)
  log.append(text('a'), 0)
  log.stored(2)
  log.append(text('b'), 0)
  log.append(end, 0)
  t.strictSame(marks(log), { lastSeq: 4, shownSeq: 3, storedSeq: 2 })
  log.stored(3)
  t.equal(log.shownSeq, 3, 'nor by a write that was under way')
  log.stored(4)
  t.equal(log.shownSeq, 4)

  const short = new JobLog(1)
  short.append(text('a'), 0)
  short.append(end, 0)
  short.stored(2)
  t.strictSame(marks(short), { lastSeq: 3, shownSeq: 2, storedSeq: 2 }, 'what is stored may be shown')
})

await t.test('an end that cannot be stored is told all the same', async (t) => {
  const log = new JobLog(1)
  for (const event of [text('a'), end]) log.append(event, 0)
  t.strictSame(numbers(log, 1), [])
  log.close(true)
  t.strictSame(numbers(log, 1, true), [2, 3])
  t.strictSame(marks(log), { lastSeq: 3, shownSeq: 1, storedSeq: 1 })
  t.strictSame(unstored(log), [2, 3], 'and is there to be stored later')

  const left = new JobLog(1)
  left.append(text('a'), 0)
  left.close()
  t.strictSame(numbers(left, 1), [], 'a log that is only left shows no more than before')
})

await t.test('an event that was not taken is as if it had never been', async (t) => {
  const log = new JobLog(1)
  log.append(text('a'), 0)
  log.stored(2)
  t.equal(log.append(waiting, 0, true), true, 'what is gated is urgent')
  log.append(text('b'), 0)
  log.append(end, 0)
  t.strictSame(marks(log), { lastSeq: 5, shownSeq: 2, storedSeq: 2 })
  log.takeBack(3)
  t.strictSame(marks(log), { lastSeq: 4, shownSeq: 2, storedSeq: 2 })
  t.strictSame(
    log.unstored().map(({ seq, event }) => [seq, event.type]),
    [
      [3, 'text'],
      [4, 'end'],
    ],
    'those behind it move up',
  )
  log.stored(3)
  t.equal(log.shownSeq, 3, 'the end still waits')
  log.stored(4)
  t.strictSame(numbers(log, 2), [3, 4])
})

await t.test('events are unstored until they are stored', async (t) => {
  const log = new JobLog(1)
  for (const words of ['a', 'b']) log.append(text(words), 0)
  t.strictSame(unstored(log), [2, 3])
  log.append(text('c'), 0)
  log.stored(2)
  t.strictSame(unstored(log), [3, 4])
  log.stored(4)
  t.strictSame(unstored(log), [])
})

await t.test('a write that is acknowledged late takes nothing back', async (t) => {
  const log = new JobLog(1)
  for (const words of ['a', 'b']) log.append(text(words), 0)
  log.stored(3)
  log.stored(2)
  t.strictSame(marks(log), { lastSeq: 3, shownSeq: 3, storedSeq: 3 })
})

await t.test('of a long log only the newest part is kept', async (t) => {
  const log = new JobLog(0)
  for (let i = 1; i <= 3000; i++) {
    log.append(text(String(i)), 0)
    if (i % 10 === 0) log.stored(i)
  }
  t.equal(log.read(0, false), null, 'the store has to be asked for the first')
  t.equal(log.read(2000, false), null)
  let first = 3000
  while (log.read(first - 1, false) !== null) first -= 1
  t.ok(3000 - first >= 256 && 3000 - first < 600, `${3000 - first} are kept`)
  for (const after of [first, first + 1, 2900, 2999]) {
    const events = log.read(after, true)!
    t.equal(events[0]?.seq, after + 1)
    t.equal(events.at(-1)?.seq, 3000)
    t.equal(events.length, 3000 - after)
    t.strictSame(events[0]?.event, text(String(after + 1)), 'number and event belong together')
  }
  t.strictSame(log.read(3000, false), [])
  t.strictSame(log.read(99_999, false), [], 'beyond the end')
  t.strictSame(unstored(log), [])
  log.append(text('more'), 0)
  t.strictSame(unstored(log), [3001])
})

await t.test('what is not stored is never let go', async (t) => {
  const log = new JobLog(0)
  for (let i = 1; i <= 2000; i++) log.append(text('x'), 0)
  log.stored(1)
  t.equal(log.read(0, false)?.length, 2000)
  log.stored(600)
  t.equal(log.read(600, false)?.length, 1400)
  t.equal(unstored(log)[0], 601)
})

await t.test('whoever waits for a change is woken by it, once', async (t) => {
  const log = new JobLog(1)
  const first = log.change()
  t.equal(await soon(first, 10), 'pending')
  log.append(waiting, 0)
  t.not(await soon(first), 'pending')
  const second = log.change()
  t.equal(await soon(second, 10), 'pending', 'the next change is another one')
  log.poke()
  t.not(await soon(second), 'pending')
  const third = [log.change(), log.change()]
  log.append(text('gate'), 0)
  log.stored(3)
  t.not(await soon(Promise.all(third)), 'pending', 'all who wait are woken')
})
