import type { Test } from 'tap'
import type { JobStore } from '../../../src/jobs/store.js'

export interface Opened {
  store: JobStore
  reopen(): Promise<JobStore>
}

/** Some tests of a store, each on an empty one. */
export type Theme = (subtest: Subtest) => Promise<void>

export type Subtest = (what: string, body: (t: Test, store: JobStore, reopen: Opened['reopen']) => Promise<void>) => Promise<void>
