/** What `/health` and `/health/ready` say, and from what. */
import { z } from 'zod'
import type { ClaudeExecutor } from './claude/executor.js'
import { liveProcessCount } from './claude/process.js'
import type { ClaudeStatus } from './claude/status.js'
import type { Jobs } from './jobs/jobs.js'
import type { UpstreamExecutor } from './upstreams/executor.js'
import { version } from './version.js'

const unixSeconds = z.number()

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded', 'draining']),
  version: z.string(),
  uptime_s: z.number(),
  claude: z.object({
    path: z.string(),
    version: z.string().nullable(),
    problem: z.string().nullable(),
    claude_authenticated: z.boolean(),
    auth_status: z.string(),
    hint: z.string().nullable().describe('what to do where nobody is logged in'),
    last_success: unixSeconds.nullable(),
    last_failure: z.object({ at: unixSeconds, code: z.string(), message: z.string() }).nullable(),
  }),
  claude_authenticated: z.boolean(),
  queue: z.object({ queued: z.number(), max_queued: z.number() }),
  slots: z.object({ in_use: z.number(), total: z.number() }),
  store: z.object({ kind: z.string(), ok: z.boolean(), jobs: z.number().nullable(), problem: z.string().nullable() }),
  warm_pool: z.object({
    enabled: z.boolean(),
    ready: z.number(),
    starting: z.number(),
    parked: z.number().describe('processes that wait for their conversation to go on'),
    failures: z.number().describe('starts in a row that failed'),
    next_try: unixSeconds.nullable(),
  }),
  upstreams: z.object({
    in_use: z.number().describe('calls of other providers at work'),
    queued: z.number(),
    providers: z.array(z.object({ name: z.string(), ok: z.boolean(), problem: z.string().nullable() })),
  }),
  processes: z.object({ live: z.number().describe('CLI processes of this server'), bound: z.number() }),
})

const check = z.object({ ok: z.boolean(), detail: z.string().nullable() })

export const readySchema = z.object({
  ready: z.boolean(),
  checks: z.object({ accepting: check, claude: check, queue: check, store: check }),
})

export type Health = z.infer<typeof healthSchema>
export type Readiness = z.infer<typeof readySchema>

/** Always answers; trouble shows as `degraded`. */
export async function health(jobs: Jobs, claude: ClaudeStatus, pool: ClaudeExecutor, upstreams: UpstreamExecutor): Promise<Health> {
  const store = await storeState(jobs)
  const cli = claude.health()
  const { queued, running, slots, maxQueued } = jobs.stats()
  const network = jobs.stats('network')
  const providers = upstreams.health
  const well = store.ok && providers.every(({ ok }) => ok) && cli.problem === null && cli.claude_authenticated
  return {
    status: jobs.accepting ? (well ? 'ok' : 'degraded') : 'draining',
    version,
    uptime_s: Math.round(process.uptime()),
    claude: cli,
    claude_authenticated: cli.claude_authenticated,
    queue: { queued, max_queued: maxQueued },
    slots: { in_use: running, total: slots },
    store,
    warm_pool: pool.stats,
    upstreams: { in_use: network.running, queued: network.queued, providers },
    processes: { live: liveProcessCount(), bound: slots + pool.bound },
  }
}

/** Whether this server can do work that it is sent now, check by check. */
export async function readiness(jobs: Jobs, claude: ClaudeStatus): Promise<Readiness> {
  const store = await storeState(jobs)
  const cli = claude.health()
  const { queued, running, slots, maxQueued } = jobs.stats()
  const full = running >= slots && queued >= maxQueued
  const checks: Readiness['checks'] = {
    accepting: { ok: jobs.accepting, detail: jobs.accepting ? null : 'the server is shutting down' },
    claude: { ok: cli.problem === null && cli.claude_authenticated, detail: cli.problem ?? cli.hint },
    queue: { ok: !full, detail: full ? `all ${slots} slots are taken and ${queued} jobs wait` : null },
    store: { ok: store.ok, detail: store.problem },
  }
  return { ready: Object.values(checks).every(({ ok }) => ok), checks }
}

async function storeState(jobs: Jobs): Promise<Health['store']> {
  try {
    const { kind, jobs: count } = await jobs.storeHealth()
    return { kind, ok: true, jobs: count, problem: null }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { kind: 'sqlite', ok: false, jobs: null, problem }
  }
}
