/** Open connections, with a bound: where it is reached, a connection that has brought no request that was let in makes room. */
import type { Socket } from 'node:net'

export class ConnectionRoom {
  private readonly open = new Set<Socket>()
  /** the oldest comes first */
  private readonly strangers = new Set<Socket>()

  constructor(private readonly most: number) {}

  /** Takes a new connection in, or ends it. */
  enter(socket: Socket): void {
    if (this.open.size >= this.most) {
      const [oldest] = this.strangers
      if (oldest === undefined) {
        socket.destroy()
        return
      }
      this.leave(oldest)
      oldest.destroy()
    }
    this.open.add(socket)
    this.strangers.add(socket)
    socket.once('close', () => this.leave(socket))
  }

  /** A request on this connection was let in. */
  letIn(socket: Socket): void {
    this.strangers.delete(socket)
  }

  get size(): number {
    return this.open.size
  }

  private leave(socket: Socket): void {
    this.open.delete(socket)
    this.strangers.delete(socket)
  }
}
