import type { JobRequest } from '../request/job-request.js'
import { readStored, requestFormat } from '../request/stored.js'
import type { JobStore } from './store.js'
import { UnreadableRecord } from './unreadable.js'

/** A job's request from the store; null for an unknown id. @throws UnreadableRecord, also where a newer version has written it */
export async function requestOf(store: JobStore, id: string): Promise<JobRequest | null> {
  const stored = await store.request(id)
  if (stored === null) return null
  const request = readStored(stored.format, stored.request)
  if (request === null) {
    throw new UnreadableRecord(
      id,
      null,
      'request',
      stored.format > requestFormat ? 'was written by a newer version of this server' : undefined,
    )
  }
  return request
}
