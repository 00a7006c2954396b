import t from 'tap'
import { Limiter, type Place } from '../src/limiter.js'

/** A limiter whose work is named by its owner's letter and a number; `end` gives the place of the longest at work back. */
function limiterOf(bound: number, perOwner?: number) {
  const granted: string[] = []
  const places: Place[] = []
  const limiter = new Limiter({ bound, ...(perOwner !== undefined && { perOwner }) })
  const enter = (id: string, how?: { first: boolean }) =>
    limiter.enter(
      id[0]!,
      (place) => {
        granted.push(id)
        places.push(place)
      },
      how,
    )
  return { limiter, granted, enter, end: () => places.shift()?.leave() }
}

await t.test('first come, first served, as many as there are places', async (t) => {
  const { limiter, granted, enter, end } = limiterOf(2)
  for (const id of ['a1', 'a2', 'a3', 'a4']) enter(id)
  t.strictSame(granted, ['a1', 'a2'], 'in the same step')
  t.hasStrict(limiter, { running: 2, free: 0, waiting: 2 })
  end()
  t.strictSame(granted, ['a1', 'a2', 'a3'])
  t.equal(limiter.running, 2)
  for (let i = 0; i < 3; i++) end()
  t.strictSame(granted, ['a1', 'a2', 'a3', 'a4'])
  t.hasStrict(limiter, { running: 0, free: 2, waiting: 0 })
})

await t.test('owners take turns, whoever has more', async (t) => {
  const { granted, enter, end } = limiterOf(1)
  for (let i = 1; i <= 1000; i++) enter(`a${i}`)
  for (const id of ['b1', 'b2', 'c1']) enter(id)
  for (let i = 0; i < 7; i++) end()
  t.strictSame(granted, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4', 'a5'])
})

await t.test('an owner that comes back has to wait for its turn', async (t) => {
  const { granted, enter, end } = limiterOf(1)
  for (const id of ['a1', 'b1', 'c1']) enter(id)
  end()
  enter('b2')
  end()
  end()
  t.strictSame(granted, ['a1', 'b1', 'c1', 'b2'])
})

await t.test('who has begun stands before the owner’s other work, and behind the other owners', async (t) => {
  const { granted, enter, end } = limiterOf(1)
  for (const id of ['a1', 'a2', 'b1']) enter(id)
  enter('a9', { first: true })
  for (let i = 0; i < 3; i++) end()
  t.strictSame(granted, ['a1', 'a9', 'b1', 'a2'])
})

await t.test('who leaves the line takes no turn', async (t) => {
  const { limiter, granted, enter, end } = limiterOf(1)
  const leave = ['a1', 'b1', 'a2', 'c1'].map((id) => enter(id))
  leave[1]!()
  leave[1]!()
  leave[2]!()
  t.equal(limiter.waiting, 1)
  leave[0]!()
  t.equal(limiter.running, 1, 'what has a place keeps it')
  end()
  t.strictSame(granted, ['a1', 'c1'])
  enter('b2')
  end()
  t.strictSame(granted, ['a1', 'c1', 'b2'])
})

await t.test('no owner has more than its share', async (t) => {
  const { limiter, granted, enter, end } = limiterOf(2, 1)
  for (const id of ['a1', 'a2', 'a3']) enter(id)
  t.strictSame(granted, ['a1'], 'the second place is for others')
  t.equal(limiter.waitingOf('a'), 2)
  for (const id of ['b1', 'c1', 'b2']) enter(id)
  t.strictSame(granted, ['a1', 'b1'])
  end()
  t.strictSame(granted, ['a1', 'b1', 'a2'])
  end()
  t.strictSame(granted, ['a1', 'b1', 'a2', 'c1'], 'not the one who has one already')
  end()
  t.strictSame(granted.at(-1), 'b2')
})

await t.test('a place that is given back twice counts once', async (t) => {
  const { limiter, enter } = limiterOf(1)
  const place = await limiter.take('a')
  place.leave()
  place.leave()
  t.equal(limiter.running, 0)
  enter('a1')
  enter('a2')
  t.equal(limiter.running, 1)
})

await t.test('a wait that is given up is nobody’s', async (t) => {
  const { limiter, granted, enter, end } = limiterOf(1)
  enter('a1')
  const impatient = new AbortController()
  const second = limiter.take('b', impatient.signal)
  const third = limiter.take('c')
  impatient.abort(new Error('left'))
  await t.rejects(second, { message: 'left' })
  t.equal(limiter.waiting, 1)
  end()
  ;(await third).leave()
  await t.rejects(limiter.take('b', impatient.signal), { message: 'left' }, 'nor one that was given up before')
  t.equal(limiter.running, 0)
  t.strictSame(granted, ['a1'])
})

await t.test('after stop nothing is granted, and places are counted on', async (t) => {
  const { limiter, granted, enter, end } = limiterOf(1)
  enter('a1')
  limiter.stop()
  enter('a2')
  end()
  t.strictSame(granted, ['a1'])
  t.hasStrict(limiter, { running: 0, waiting: 1 })
})

await t.test('work that gives its place back at once', async (t) => {
  const limiter = new Limiter({ bound: 1 })
  const granted: string[] = []
  for (const id of ['a1', 'a2', 'a3', 'a4']) {
    limiter.enter('a', (place) => {
      granted.push(id)
      if (id !== 'a3') place.leave()
    })
  }
  t.strictSame(granted, ['a1', 'a2', 'a3'])
  t.equal(limiter.running, 1)
})

await t.test('turns in a row', async (t) => {
  const granted: string[] = []
  const places: Place[] = []
  const limiter = new Limiter({ bound: 1, turnsOf: (owner) => (owner === 'a' ? 3 : 1) })
  const enter = (id: string) =>
    limiter.enter(id[0]!, (place) => {
      granted.push(id)
      places.push(place)
    })
  enter('x0')
  for (let i = 1; i <= 5; i++) for (const owner of ['b', 'a']) enter(`${owner}${i}`)
  for (let i = 0; i < 10; i++) places.shift()?.leave()
  t.strictSame(granted, ['x0', 'b1', 'a1', 'a2', 'a3', 'b2', 'a4', 'a5', 'b3', 'b4', 'b5'], 'and nobody is left waiting for ever')
})
