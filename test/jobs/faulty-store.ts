/** A store in front of another one whose single calls can be made to wait or to fail. */
import type { Append, JobStore } from '../../src/jobs/store.js'

type Call = Exclude<keyof JobStore, 'webhooks' | 'keys'>

export interface FaultyStore extends JobStore {
  /** From now on the call does this first; what it throws is the call's failure. null: as before. */
  before(call: Call, hook: ((...given: unknown[]) => Promise<void> | void) | null): void
  /** Does what was asked for before that call. */
  passed(call: Call): Promise<void>
}

export function faulty(store: JobStore): FaultyStore {
  const hooks = new Map<Call, (...given: unknown[]) => Promise<void> | void>()
  const calls = [
    'create',
    'earlier',
    'get',
    'request',
    'list',
    'storedBytes',
    'usage',
    'begin',
    'endInOrder',
    'known',
    'unfinished',
    'append',
    'keep',
    'countDeaths',
    'events',
    'delete',
    'prune',
    'giveBack',
    'health',
    'close',
  ] as const
  const wrapped = Object.fromEntries(
    calls.map((call) => [
      call,
      async (...given: unknown[]) => {
        await hooks.get(call)?.(...given)
        return (store[call] as (...given: unknown[]) => unknown)(...given)
      },
    ]),
  ) as unknown as JobStore
  return {
    ...wrapped,
    webhooks: store.webhooks,
    keys: store.keys,
    passed: async (call) => hooks.get(call)?.(),
    before: (call, hook) => {
      if (hook === null) hooks.delete(call)
      else hooks.set(call, hook)
    },
  }
}

/** A gate for a hook: whoever waits for `passed` goes on at `open()`. */
export function barrier(): { passed: Promise<void>; open(): void } {
  let open!: () => void
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

/** The statuses that records get by a call of `append`. */
export function statusesIn(writes: unknown): string[] {
  return (writes as Append[]).flatMap(({ record }) => (record === null ? [] : [record.status]))
}
