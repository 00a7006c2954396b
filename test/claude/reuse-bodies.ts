/** Requests one after the other, each asked of processes that are used again and of a process of its own: what the model's API gets of the two. */
import type { Test } from 'tap'
import { baseEnvironment, credentialKind } from '../../src/claude/process/environment.js'
import { type ClaudeSetup, ClaudeExecutor } from '../../src/claude/executor.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import { outputProblem } from '../../src/validation/thread/compile.js'
import type { RecordedRequest, Standin } from '../standin/index.js'
import { freeSeat } from '../jobs/seat.js'
import type { RealCli } from './real-cli.js'
import { temporary } from './harness.js'

export interface Compared {
  live: RecordedRequest
  fresh: RecordedRequest
}

export interface Both {
  live: ClaudeExecutor
  fresh: ClaudeExecutor
  /** Asks both; the last call of each. */
  ask(request: Partial<ClaudeRequest>, by?: { owner?: string; jobId?: string }): Promise<Compared>
}

/** An executor of the real CLI; by default each run has a process of its own. @param host the server's environment */
export function executorFor(cli: RealCli, host: NodeJS.ProcessEnv, workspaceRoot: string, more: Partial<ClaudeSetup> = {}): ClaudeExecutor {
  return new ClaudeExecutor({
    binary: () => ({ path: cli.binary, version: cli.version, problem: null }),
    abilities: cli.abilities,
    credential: credentialKind(host),
    env: baseEnvironment(host),
    workspaceRoot,
    observe: () => {},
    outputProblem: async (schema, value) => outputProblem(schema, value),
    ...more,
  })
}

/** Makes a run to its end; the model calls of it. @throws Error where there is none, or where the run has failed */
export async function callsOf(
  executor: ClaudeExecutor,
  standin: Standin,
  request: Partial<ClaudeRequest>,
  { owner = 'anna', jobId = 'task_1' } = {},
): Promise<RecordedRequest[]> {
  const from = standin.calls.length
  const { outcome, gone } = executor.run({
    jobId,
    owner,
    choice: 0,
    request: { kind: 'claude', model: 'claude-haiku-4-5-20251001', system: [], turns: [], ...request },
    signal: new AbortController().signal,
    emit: () => {},
    alive: () => {},
    seat: freeSeat,
  })
  const ended = await outcome
  await gone
  const calls = standin.calls.slice(from)
  if (ended.kind !== 'finished' || calls.length === 0) throw new Error(`${calls.length} calls, ${JSON.stringify(ended)}`)
  return calls
}

/** `host`: the server's environment. */
export function startBoth(t: Test, cli: RealCli, standin: Standin, host: NodeJS.ProcessEnv, more: Partial<ClaudeSetup> = {}): Both {
  const root = temporary(t)
  const live = executorFor(cli, host, root, { warm: { perProfile: 0, total: 0, parked: 4, idleMs: 60_000 }, ...more })
  const fresh = executorFor(cli, host, root)
  t.teardown(() => live.close())
  return {
    live,
    fresh,
    ask: async (request, by) => ({
      live: (await callsOf(live, standin, request, by)).at(-1)!,
      fresh: (await callsOf(fresh, standin, request)).at(-1)!,
    }),
  }
}

/** The CLI's own id of the process's session. */
export const sessionOf = ({ headers }: RecordedRequest): unknown => headers['x-claude-code-session-id']

/** The body as it went over the wire, but for the ids of the session and the device. */
export function bytes({ body }: RecordedRequest): string {
  return JSON.stringify({ ...body, metadata: null })
}

/** Headers that are not of the one connection or the one session. */
export function headersOf({ headers }: RecordedRequest): Record<string, unknown> {
  const own = /^(x-claude-code-session-id|host|connection|.*request-id|.*retry-count)$/
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)))
}
