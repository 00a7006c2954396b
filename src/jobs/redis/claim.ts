/** What the script `claim` gives. */
import type { Claimed } from '../replicas.js'
import { jobOf, recordMembers } from './record.js'

/** The members that it reads. */
export const claimMembers = ['cancel', 'delivered', 'usedTools', 'deaths', ...recordMembers] as const

/** @throws UnreadableRecord */
export function claimOf(id: string, [fence, clients, cancel, delivered, usedTools, deaths, ...row]: (string | null)[]): Claimed {
  return {
    job: jobOf(id, row)!,
    ...{ fence: Number(fence), cancelled: cancel === '1', clientless: clients === '0' },
    ...{ delivered: delivered === '1', usedTools: usedTools === '1', deaths: Number(deaths ?? 0) },
  }
}
