/** Whole answers that their clients have not taken yet: how many bytes of them are held in memory, by owner and in all. */
import type { ServerResponse } from 'node:http'
import { BridgeError } from '../errors/catalogue.js'
import type { HttpLimits } from './limits.js'

export type UnsentLimits = Pick<HttpLimits, 'freeAnswerBytes' | 'unsentBytes'>

export class Unsent {
  private readonly held = new Map<string, number>()
  private all = 0

  constructor(private readonly limits: UnsentLimits) {}

  /**
   * Counts an answer until its response is closed. One that is larger than the bound is let through where the owner has no other, since
   * it could be read at no time otherwise.
   *
   * @throws BridgeError server_is_overloaded where too much waits
   */
  hold(owner: string, bytes: number, response: ServerResponse): void {
    if (bytes <= this.limits.freeAnswerBytes) return
    const own = this.held.get(owner) ?? 0
    if (own > 0 && (own + bytes > this.limits.unsentBytes / 2 || this.all + bytes > this.limits.unsentBytes)) {
      const message = `${own} bytes of answers to this key wait for their clients to take them: take these first.`
      throw new BridgeError('server_is_overloaded', message, { retryAfter: 5 })
    }
    this.held.set(owner, own + bytes)
    this.all += bytes
    response.once('close', () => this.release(owner, bytes))
  }

  get bytes(): number {
    return this.all
  }

  private release(owner: string, bytes: number): void {
    const left = (this.held.get(owner) ?? 0) - bytes
    if (left > 0) this.held.set(owner, left)
    else this.held.delete(owner)
    this.all -= bytes
  }
}
