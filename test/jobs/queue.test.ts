import t from 'tap'
import { FairQueue, type Ticket } from '../../src/jobs/queue.js'

function queueOf(slots: number) {
  const granted: string[] = []
  const queue = new FairQueue(slots, ({ jobId, choice }) => granted.push(`${jobId}${choice > 0 ? `.${choice}` : ''}`))
  return { queue, granted }
}

const ticket = (jobId: string, owner = jobId[0]!, choice = 0): Ticket => ({ jobId, owner, choice })

await t.test('first come, first served, as many as there are slots', async (t) => {
  const { queue, granted } = queueOf(2)
  for (const id of ['a1', 'a2', 'a3', 'a4']) queue.push(ticket(id))
  t.strictSame(granted, ['a1', 'a2'])
  t.equal(queue.running, 2)
  t.equal(queue.free, 0)
  queue.release()
  t.strictSame(granted, ['a1', 'a2', 'a3'])
  t.equal(queue.running, 2)
  queue.release()
  queue.release()
  queue.release()
  t.strictSame(granted, ['a1', 'a2', 'a3', 'a4'])
  t.equal(queue.running, 0)
  t.equal(queue.free, 2)
})

await t.test('owners take turns, whoever has more', async (t) => {
  const { queue, granted } = queueOf(1)
  for (let i = 1; i <= 1000; i++) queue.push(ticket(`a${i}`))
  queue.push(ticket('b1'))
  queue.push(ticket('b2'))
  queue.push(ticket('c1'))
  for (let i = 0; i < 7; i++) queue.release()
  t.strictSame(granted, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4', 'a5'])
})

await t.test('an owner that comes back has to wait for its turn', async (t) => {
  const { queue, granted } = queueOf(1)
  for (const id of ['a1', 'b1', 'c1']) queue.push(ticket(id))
  queue.release()
  queue.push(ticket('b2'))
  queue.release()
  queue.release()
  t.strictSame(granted, ['a1', 'b1', 'c1', 'b2'])
})

await t.test('remove takes out all of a job and nothing else', async (t) => {
  const { queue, granted } = queueOf(1)
  queue.push(ticket('a0'))
  for (let choice = 0; choice < 3; choice++) queue.push(ticket('a1', 'a', choice))
  queue.push(ticket('a2'))
  queue.push(ticket('b1'))
  t.equal(queue.remove('a1', 'a'), 3)
  t.equal(queue.remove('a1', 'a'), 0)
  t.equal(queue.remove('a2', 'b'), 0, 'another owner')
  t.equal(queue.remove('x', 'nobody'), 0)
  t.equal(queue.remove('a0', 'a'), 0, 'what has a slot keeps it')
  t.equal(queue.running, 1)
  queue.release()
  queue.release()
  t.strictSame(granted, ['a0', 'a2', 'b1'])
})

await t.test('an owner whose last ticket was removed takes no turn', async (t) => {
  const { queue, granted } = queueOf(1)
  for (const id of ['a1', 'b1', 'c1']) queue.push(ticket(id))
  queue.remove('b1', 'b')
  queue.release()
  t.strictSame(granted, ['a1', 'c1'])
  queue.push(ticket('b2'))
  queue.release()
  t.strictSame(granted, ['a1', 'c1', 'b2'])
})

await t.test('choices of one job are runs like others', async (t) => {
  const { queue, granted } = queueOf(2)
  for (let choice = 0; choice < 3; choice++) queue.push(ticket('a1', 'a', choice))
  queue.push(ticket('b1'))
  queue.release()
  queue.release()
  t.strictSame(granted, ['a1', 'a1.1', 'a1.2', 'b1'])
})

await t.test('after stop nothing is granted, and slots are counted on', async (t) => {
  const { queue, granted } = queueOf(2)
  queue.push(ticket('a1'))
  queue.stop()
  queue.push(ticket('a2'))
  queue.release()
  t.strictSame(granted, ['a1'])
  t.equal(queue.running, 0)
  t.equal(queue.remove('a2', 'a'), 1, 'what waited is still there')
})

await t.test('a ticket that gives its slot back at once', async (t) => {
  const granted: string[] = []
  const queue: FairQueue = new FairQueue(1, ({ jobId }) => {
    granted.push(jobId)
    if (jobId !== 'a3') queue.release()
  })
  for (const id of ['a1', 'a2', 'a3', 'a4']) queue.push(ticket(id))
  t.strictSame(granted, ['a1', 'a2', 'a3'])
  t.equal(queue.running, 1)
})
