/** A line to Redis that can be cut as a network is: connections stay, and nothing comes through in either direction until it is mended. */
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import type { Ends } from '../redis.js'

export interface Line {
  /** of the near end, for `STORE_URL` */
  port: number
  cut(): void
  /** What was held back comes through now, late. */
  mend(): void
}

/** Ends with `t`. @param port of the far end, on loopback */
export async function openLine(t: Ends, port: number): Promise<Line> {
  const sockets = new Set<Socket>()
  let isCut = false
  const take = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    if (isCut) socket.pause()
  }
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (bytes) => to.write(bytes))
    from.once('close', () => to.destroy())
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    pass(near, far)
    pass(far, near)
    take(near)
    take(far)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
      for (const socket of sockets) socket.pause()
    },
    mend() {
      isCut = false
      for (const socket of sockets) socket.resume()
    },
  }
}
