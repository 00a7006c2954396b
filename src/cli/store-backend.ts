/** The store itself, where no server runs. Its files are the operator's, so every owner's tasks are seen and no key is asked for. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { z } from 'zod'
import { readConfig } from '../config.js'
import type { Config } from '../config.js'
import { BridgeError } from '../errors/catalogue.js'
import { validate } from '../errors/request-error.js'
import { openRedisStore } from '../jobs/redis/store.js'
import { hasExpired } from '../jobs/retention.js'
import { DataDirInUse } from '../jobs/sqlite/errors.js'
import { openSqliteStore } from '../jobs/sqlite/store.js'
import { type JobStatus, statuses } from '../jobs/status.js'
import type { JobStore } from '../jobs/store.js'
import { newKeySchema, rotationSchema, toIssuedKey, toKeyList, toNewKey } from '../keys/bodies.js'
import { type Issued, KeyAdmin } from '../keys/key-admin.js'
import { KeyRing } from '../keys/ring.js'
import { Prices } from '../spending/prices.js'
import { readGroups, toUsageList } from '../spending/usage-list.js'
import { toTask, toTaskList } from '../tasks/task.js'
import type { Backend } from './backend.js'
import type { Unreachable } from './client.js'
import { CommandError, exits } from './exits.js'

const thirtyDaysS = 30 * 24 * 3600
const mostLines = 10_000

/** @param unreachable why the store is opened: the server's address is in what is said where that cannot be */
export async function openStoreBackend(
  env: NodeJS.ProcessEnv,
  unreachable: Unreachable,
): Promise<{ backend: Backend; close(): Promise<void> }> {
  const config = readConfig(env)
  const store = await openStore(config, unreachable)
  return { backend: storeBackend(store, config), close: () => store.close() }
}

/** Never makes one: what is looked for would not be in it. */
async function openStore({ storeUrl, dataDir }: Config, unreachable: Unreachable): Promise<JobStore> {
  if (storeUrl !== undefined) {
    return openRedisStore({ url: storeUrl }).catch((error: Error) => {
      throw new CommandError(`STORE_URL: ${error.message}`, exits.unreachable)
    })
  }
  if (!existsSync(path.join(dataDir, 'jobs.db'))) {
    throw new CommandError(`${unreachable.message}; there is no job database in ${dataDir} either`, exits.unreachable)
  }
  return openSqliteStore({ dataDir }).catch((error: Error) => {
    if (!(error instanceof DataDirInUse)) throw error
    const { url } = unreachable.address
    throw new CommandError(`a server runs on ${dataDir}, and does not answer at ${url}: set CLAUDE_BRIDGE_URL`, exits.unreachable)
  })
}

function storeBackend(store: JobStore, config: Config): Backend {
  return {
    async tasks({ status, ...query }) {
      const page = await store.list({ ...query, order: 'desc', ...(status !== undefined && { status: statusOf(status) }) })
      return toTaskList({ ...page, jobs: page.jobs.filter((job) => !hasExpired(job)) })
    },

    async task(id) {
      const job = await store.get(id)
      if (job === null || hasExpired(job)) throw new BridgeError('task_not_found', `There is no task \`${id.slice(0, 80)}\`.`)
      return toTask(job)
    },

    async usage({ by, from, to = Math.floor(Date.now() / 1000) + 1 }) {
      const groups = readGroups(by)
      const prices = new Prices(config.prices, () => {})
      const sums = await store.usage({ from: from ?? Math.max(0, to - thirtyDaysS), to, by: groups, limit: mostLines + 1 })
      return toUsageList(sums.slice(0, mostLines), groups, {
        hasMore: sums.length > mostLines,
        hasPrice: (model) => prices.covers(model),
      })
    },

    async keys(query) {
      const page = toKeyList(await store.keys.all(), { order: 'desc', ...query })
      if (page === null) throw new BridgeError('invalid_value', `There is no key '${query.after?.slice(0, 80)}' to list after.`)
      return page
    },

    async makeKey(body) {
      return told(await (await adminOf(store, config)).make(toNewKey(valid(newKeySchema, body))))
    },

    async rotateKey(id, graceS) {
      valid(rotationSchema, { grace_s: graceS })
      return told(await (await adminOf(store, config)).rotate(id, graceS))
    },

    async revokeKey(id) {
      await (await adminOf(store, config)).revoke(id)
      return { id, object: 'key.deleted', deleted: true }
    },
  }
}

/** Jobs of a revoked key are cancelled by the next server, when it takes them up. */
async function adminOf(store: JobStore, { apiKeys }: Config): Promise<KeyAdmin> {
  const ring = new KeyRing()
  for (const key of await store.keys.all()) ring.put(key)
  return new KeyAdmin({ ring, store: store.keys, otherNames: () => apiKeys.map(({ name }) => name), onRevoked: async () => {} })
}

function told({ key, secret }: Issued) {
  return toIssuedKey(key, secret)
}

function statusOf(text: string): JobStatus {
  const status = statuses.find((one) => one === text)
  if (status !== undefined) return status
  throw new BridgeError('invalid_value', `The status is none of ${statuses.join(', ')}.`, { param: 'status' })
}

function valid<T>(schema: z.ZodType<T>, given: unknown): T {
  const { value, error } = validate(schema, given)
  if (error !== undefined) throw error
  return value
}
