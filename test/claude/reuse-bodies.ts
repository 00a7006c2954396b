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
  /** Asks both; the last call of each. */
  ask(request: Partial<ClaudeRequest>, by?: { owner?: string; jobId?: string }): Promise<Compared>
}

/** @param host as the server's environment, without the provider's address */
export function startBoth(t: Test, cli: RealCli, standin: Standin, host: NodeJS.ProcessEnv, more: Partial<ClaudeSetup> = {}): Both {
  const workspaceRoot = temporary(t)
  const setup: ClaudeSetup = {
    binary: () => ({ path: cli.binary, version: cli.version, problem: null }),
    abilities: cli.abilities,
    credential: credentialKind(host),
    env: baseEnvironment(host),
    workspaceRoot,
    observe: () => {},
    outputProblem: async (schema, value) => outputProblem(schema, value),
  }
  const live = new ClaudeExecutor({ ...setup, warm: { perProfile: 0, total: 0, parked: 4, idleMs: 60_000 }, ...more })
  const fresh = new ClaudeExecutor(setup)
  t.teardown(() => live.close())
  const lastCall = async (executor: ClaudeExecutor, request: Partial<ClaudeRequest>, owner: string, jobId: string) => {
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
    const call = standin.calls.at(-1)
    if (standin.calls.length === from || call === undefined) throw new Error(`no call, ${JSON.stringify(ended)}`)
    return call
  }
  return {
    live,
    ask: async (request, { owner = 'anna', jobId = 'task_1' } = {}) => ({
      live: await lastCall(live, request, owner, jobId),
      fresh: await lastCall(fresh, request, owner, 'task_fresh'),
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
