/** A thousand webhooks at once, to a receiver that fails in every way. */
import t from 'tap'
import { startReceiver } from './receiver.js'
import { ended, openStore, startSender, untilEmpty } from './sending.js'

// thousands of writes that wait for the disk
t.setTimeout(170_000)

await t.test('a thousand to a receiver that fails half of the time', async (t) => {
  const receiver = await startReceiver(t, (response, n) => {
    switch (n % 8) {
      case 0:
        return void response.writeHead(500).end('no')
      case 1:
        return void response.destroy()
      case 2:
        return void response.socket!.resetAndDestroy()
      case 3:
        // taken, but nobody gets to know
        return void setTimeout(() => response.destroy(), 20)
      default:
        return void response.writeHead(200).end('ok')
    }
  })
  const store = await openStore(t)
  const ids = await Promise.all(Array.from({ length: 1000 }, () => ended(store, receiver.url)))
  const { troubles } = startSender(t, store, '127.0.0.1', Array<number>(40).fill(50))
  t.ok(await untilEmpty(store, 120_000), 'all are off')
  const told = new Set(receiver.calls.map(({ event }) => event.data.id))
  t.same(
    ids.filter((id) => !told.has(id)),
    [],
    'each at least once',
  )
  t.same(receiver.wrong, [], 'each with a signature that holds')
  const byJob = new Map(receiver.calls.map(({ event, id }) => [event.data.id, id]))
  t.ok(
    receiver.calls.every(({ event, id }) => byJob.get(event.data.id) === id),
    'with the same id at every try',
  )
  t.equal(byJob.size, new Set(byJob.values()).size)
  t.ok(receiver.most() <= 4, `${receiver.most()} at once`)
  t.same(troubles, [])
})
