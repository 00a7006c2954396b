import { Socket } from 'node:net'
import t from 'tap'
import { ConnectionRoom } from '../../src/http/connection-room.js'

await t.test('strangers make room, the oldest first', async (t) => {
  const room = new ConnectionRoom(3)
  const sockets = Array.from({ length: 6 }, () => new Socket())
  const [a, b, c, d, e, f] = sockets as [Socket, Socket, Socket, Socket, Socket, Socket]
  for (const socket of [a, b, c]) room.enter(socket)
  room.letIn(a)
  room.enter(d)
  t.strictSame(
    [a, b, c, d].map(({ destroyed }) => destroyed),
    [false, true, false, false],
    'not the one that was let in',
  )
  t.equal(room.size, 3)
  for (const socket of [c, d]) room.letIn(socket)
  room.enter(e)
  t.ok(e.destroyed, 'there is no stranger')
  t.equal(room.size, 3)
  a.destroy()
  await new Promise((resolve) => setImmediate(resolve))
  room.enter(f)
  t.notOk(f.destroyed, 'one has left')
  for (const socket of sockets) socket.destroy()
})
