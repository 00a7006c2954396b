/**
 * The keys with which jobs ask this server themselves. A job has one, which acts for the job's owner, says which job asks, and is worth
 * nothing once the job has ended. Kept in memory only: no job outlives its server at work.
 */
import { createHash, randomBytes } from 'node:crypto'
import { tokenPrefix } from '../redact.js'

export interface TokenHolder {
  jobId: string
  owner: string
}

export class JobTokens {
  /** By the token's hash: how long a look-up takes then says nothing about how much of a guess was right. */
  private readonly holders = new Map<string, TokenHolder>()
  private readonly tokens = new Map<string, string>()

  /** `atWork`: whether a job may ask: it has not ended, and does not wait for a human. */
  constructor(private readonly atWork: (jobId: string) => boolean) {}

  /** The job's token, the same each time. None for a job that is not at work: it would never be taken back. */
  issue(jobId: string, owner: string): string | undefined {
    if (!this.atWork(jobId)) return undefined
    const earlier = this.tokens.get(jobId)
    if (earlier !== undefined) return earlier
    const token = `${tokenPrefix}${randomBytes(32).toString('base64url')}`
    this.tokens.set(jobId, token)
    this.holders.set(digest(token), { jobId, owner })
    return token
  }

  /** Whose a token is; null where it is none, or none of a job at work. */
  find(token: string): TokenHolder | null {
    if (!token.startsWith(tokenPrefix)) return null
    const holder = this.holders.get(digest(token))
    return holder !== undefined && this.atWork(holder.jobId) ? holder : null
  }

  /** The job has ended. */
  takeBack(jobId: string): void {
    const token = this.tokens.get(jobId)
    if (token === undefined) return
    this.tokens.delete(jobId)
    this.holders.delete(digest(token))
  }

  /** Tokens that have not been taken back. */
  get size(): number {
    return this.tokens.size
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
