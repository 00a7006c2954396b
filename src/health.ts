/** What `/health` and `/health/ready` say, and from what. */
import { z } from 'zod'
import type { ClaudeExecutor } from './claude/executor.js'
import { liveProcessCount } from './claude/process/process.js'
import type { ClaudeStatus } from './claude/status.js'
import type { Subscription } from './claude/subscription.js'
import type { Jobs } from './jobs/jobs.js'
import type { UpstreamExecutor } from './upstreams/executor.js'
import { version } from './version.js'
import type { WorkspaceRoom } from '../workspace/room.js'

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
    hint: z.string().nullable().describe('what to do where the CLI is not logged in'),
    last_success: unixSeconds.nullable(),
    last_failure: z
      .object({ at: unixSeconds, code: z.string(), message: z.string().nullable().describe("null where it was another owner's") })
      .nullable(),
    limits: z
      .array(
        z.object({
          type: z.string().describe('as the CLI names it, such as five_hour'),
          status: z.string(),
          utilization: z.number().nullable(),
          resets_at: unixSeconds.nullable(),
        }),
      )
      .describe('what is left of the subscription, as it was told last; none for an API key'),
  }),
  claude_authenticated: z.boolean(),
  queue: z.object({ queued: z.number(), max_queued: z.number() }),
  slots: z.object({ in_use: z.number(), total: z.number() }),
  store: z.object({ kind: z.string(), ok: z.boolean(), jobs: z.number().nullable(), problem: z.string().nullable() }).extend({
    unreadable: z.number().describe('records that were met since the start and cannot be read; the log names them'),
    warnings: z
      .array(z.string())
      .optional()
      .describe('settings of Redis with which records could be lost; left out for the embedded store'),
  }),
  warm_pool: z.object({
    enabled: z.boolean(),
    ready: z.number(),
    starting: z.number(),
    parked: z.number().describe('processes that wait for their conversation to go on'),
    failures: z.number().describe('starts in a row that failed'),
    next_try: unixSeconds.nullable(),
    last_failure: z.object({ at: unixSeconds, cause: z.string() }).nullable().describe('the last start that failed, and why'),
  }),
  upstreams: z.object({
    in_use: z.number().describe('calls of other providers at work'),
    queued: z.number(),
    providers: z.array(z.object({ name: z.string(), ok: z.boolean(), problem: z.string().nullable() })),
  }),
  processes: z.object({ live: z.number().describe('CLI processes of this server'), bound: z.number() }),
})

const check = z.object({
  ok: z.boolean(),
  code: z.string().nullable().describe('why it is not well'),
  detail: z.string().nullable().describe('the same in words; null for those without a key where there are keys'),
})

export const readySchema = z.object({
  ready: z.boolean(),
  checks: z.object({
    accepting: check,
    claude: check.describe('alone no reason to be not ready where `upstreams` is ok'),
    upstreams: check.optional().describe('whether one provider at least can be asked; there where UPSTREAMS names any'),
    queue: check.describe('whether the models that can be asked have room'),
    store: check,
    workspace: check.describe("whether a job's folder can be made; alone no reason to be not ready where `upstreams` is ok"),
  }),
})

/** What `/health` says without a key on a server that has keys. */
export const openHealthSchema = z.object({ status: healthSchema.shape.status, version: z.string(), checks: readySchema.shape.checks })

/** Who is asked. */
interface Told {
  jobs: Jobs
  claude: ClaudeStatus
  upstreams: UpstreamExecutor
  workspaceRoom: WorkspaceRoom
}

type Check = z.infer<typeof check>
export type Health = z.infer<typeof healthSchema>
export type Readiness = z.infer<typeof readySchema>
export type OpenHealth = z.infer<typeof openHealthSchema>

/** Always answers; trouble shows as `degraded`. @param owner who asks: of others' failures there is no text */
export async function health(
  { jobs, claude, pool, subscription, upstreams, workspaceRoom }: Told & { pool: ClaudeExecutor; subscription: Subscription },
  owner: string,
): Promise<Health> {
  const store = await storeState(jobs)
  await jobs.counted()
  const cli = claude.health(owner)
  const { queued, running, slots, maxQueued } = jobs.stats()
  const network = jobs.stats('network')
  const providers = upstreams.health
  const hasRoom = (await workspaceRoom.problem()) === null
  const well = store.ok && hasRoom && providers.every(({ ok }) => ok) && cli.problem === null && cli.claude_authenticated
  return {
    status: jobs.accepting ? (well ? 'ok' : 'degraded') : 'draining',
    version,
    uptime_s: Math.round(process.uptime()),
    claude: {
      ...cli,
      limits: subscription.limits.map(({ resetsAt, ...limit }) => ({ ...limit, resets_at: resetsAt })),
    },
    claude_authenticated: cli.claude_authenticated,
    queue: { queued, max_queued: maxQueued },
    slots: { in_use: running, total: slots },
    store,
    warm_pool: pool.stats,
    upstreams: { in_use: network.running, queued: network.queued, providers },
    processes: { live: liveProcessCount(), bound: pool.maxProcesses },
  }
}

/** For those without a key: no path, no text of a failure, no numbers. */
export async function openHealth(told: Told): Promise<OpenHealth> {
  const { jobs, claude, upstreams } = told
  const { checks } = withoutDetails(await readiness(told))
  const { problem, claude_authenticated } = claude.health()
  const well = problem === null && claude_authenticated && checks.store.ok && checks.workspace.ok && upstreams.health.every(({ ok }) => ok)
  return { status: jobs.accepting ? (well ? 'ok' : 'degraded') : 'draining', version, checks }
}

export function withoutDetails({ ready, checks }: Readiness): Readiness {
  const told = Object.entries(checks).map(([name, { ok, code }]) => [name, { ok, code, detail: null }])
  return { ready, checks: Object.fromEntries(told) as Readiness['checks'] }
}

/**
 * Whether this server can do work that it is sent now, check by check. Claude or other providers are enough: a server may be there for
 * one of them only.
 */
export async function readiness({ jobs, claude, upstreams: { health: providers }, workspaceRoom }: Told): Promise<Readiness> {
  const store = await storeState(jobs)
  await jobs.counted()
  const noRoom = await workspaceRoom.problem()
  const { trouble } = claude
  const asked = checkOf(trouble === null, trouble?.code ?? '', trouble?.message ?? null)
  const others = providersCheck(providers)
  const serving: Kind[] = [...(asked.ok && noRoom === null ? ['process' as const] : []), ...(others?.ok ? ['network' as const] : [])]
  const checks = {
    accepting: checkOf(jobs.accepting, 'server_shutdown', 'the server is shutting down'),
    claude: asked,
    ...(others && { upstreams: others }),
    queue: queueCheck(jobs, serving),
    store: checkOf(store.ok, 'store_failed', store.problem),
    workspace: checkOf(noRoom === null, 'workspace_failed', noRoom),
  }
  return { ready: serving.length > 0 && checks.accepting.ok && checks.queue.ok && checks.store.ok, checks }
}

function checkOf(ok: boolean, code: string, detail: string | null): Check {
  return ok ? { ok, code: null, detail: null } : { ok, code, detail }
}

/** Null where there are none. */
function providersCheck(providers: UpstreamExecutor['health']): Check | null {
  if (providers.length === 0) return null
  const detail = providers.map(({ name, problem }) => `${name}: ${problem}`).join('; ')
  return checkOf(
    providers.some(({ ok }) => ok),
    'upstream_unreachable',
    detail,
  )
}

type Kind = 'process' | 'network'

/** Whether one of the lanes has room; where nothing can be asked, those of the CLI are looked at. */
function queueCheck(jobs: Jobs, serving: Kind[]): Check {
  const lanes = (serving.length > 0 ? serving : ['process' as const]).map((lane) => jobs.stats(lane))
  const sum = (member: 'slots' | 'queued') => lanes.reduce((total, lane) => total + lane[member], 0)
  return checkOf(
    lanes.some(({ hasRoom }) => hasRoom),
    'queue_full',
    `all ${sum('slots')} slots are taken and ${sum('queued')} jobs wait`,
  )
}

async function storeState(jobs: Jobs): Promise<Health['store']> {
  try {
    const { kind, jobs: count, unreadable, warnings } = await jobs.storeHealth()
    const told = warnings === undefined ? {} : { warnings: [...warnings] }
    return { kind, ok: true, jobs: count, problem: null, unreadable: unreadable.length, ...told }
  } catch (error) {
    // shown here, and logged by the jobs that meet it
    const problem = error instanceof Error ? error.message : String(error)
    return { kind: jobs.storeKind, ok: false, jobs: null, problem, unreadable: 0 }
  }
}
