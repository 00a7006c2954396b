/**
 * What every `JobStore` has to do, as the doc comments of `src/jobs/store.ts` say it, by theme.
 *
 * `open` gives a new, empty store each time. `reopen` closes that store, if it is open, and opens another on the same data. The stores
 * are closed here; removing their data is the caller's part.
 */
import type { Test } from 'tap'
import { append } from './append.js'
import { create } from './create.js'
import { keys } from './keys.js'
import { list } from './list.js'
import { recovery } from './recovery.js'
import { retention } from './retention.js'
import type { Opened, Theme } from './theme.js'
import { storedBytes } from './stored-bytes.js'
import { usage } from './usage.js'
import { webhooks } from './webhooks.js'

const themes: Record<string, Theme> = { create, append, list, recovery, retention, storedBytes, usage, webhooks, keys }

export async function conformance(t: Test, open: () => Promise<Opened>): Promise<void> {
  for (const [name, theme] of Object.entries(themes)) {
    await t.test(name, (t) =>
      theme(async (what, body) => {
        await t.test(what, async (t) => {
          const opened = await open()
          let { store } = opened
          t.teardown(() => store.close())
          await body(t, store, async () => (store = await opened.reopen()))
        })
      }),
    )
  }
}
