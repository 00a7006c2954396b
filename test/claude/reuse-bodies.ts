/** Requests one after the other, each asked of processes that are used again and of a process of its own: what the model's API gets of the two. */
import type { Test } from 'tap'
import { baseEnvironment, credentialKind } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import type { ClaudeSetup } from '../../src/claude/setup.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import { outputProblem } from '../../src/validation/thread/compile.js'
import type { RecordedRequest, Standin } from '../standin/index.js'
import { blocksOf } from '../standin/request.js'
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

/** A text of a body without the place of the process's own folder. */
export function withoutFolder(text: string): string {
  return text.replaceAll(/[^\s"\\]*\/job-\w+/g, 'job')
}

/** A request without the model's thoughts, and of each answer in it whether it had some. */
export function withoutThoughts(request: RecordedRequest): { request: RecordedRequest; thoughts: boolean[] } {
  const thoughts: boolean[] = []
  const messages = (request.body.messages ?? []).map((message) => {
    if (message.role !== 'assistant') return message
    const content = blocksOf(message.content).filter(({ type }) => type !== 'thinking')
    thoughts.push(content.length < blocksOf(message.content).length)
    return thoughts.at(-1) === true ? { ...message, content } : message
  })
  return { request: { ...request, body: { ...request.body, messages } }, thoughts }
}

const dateNote = /(?:^|\n\n)Today's date is [\d-]+\.$/
/** Models without system messages get the notes as blocks of the user's. */
const noteBlock = /^<system-reminder>\n[^]*<\/system-reminder>\n?$/
const dateBlock = /^<system-reminder>\nToday's date is [\d-]+\.\n<\/system-reminder>\n?$/

/**
 * The body of a CLI without `--bare`, without what depends on the process: its folder, and the date, which stands behind the first question that
 * the process asked, so that it is last in a replay. `dates`: behind which of the turns it stands; `marks`: of the cache, one of which is
 * always at the end.
 */
export function withoutNotes(request: RecordedRequest): { body: string; dates: number[]; marks: number } {
  let turn = -1
  let marks = 0
  const dates: number[] = []
  const messages = (request.body.messages ?? []).flatMap((message) => {
    if (message.role !== 'system') turn += 1
    const blocks = blocksOf(message.content)
    if (message.role === 'user' && blocks.some(({ text }) => noteBlock.test(text ?? ''))) {
      const own = blocks.filter(({ text }) => !dateBlock.test(text ?? ''))
      if (own.length < blocks.length) dates.push(turn)
      // the last of the notes ends with a line break
      return [
        { ...message, content: own.map((block) => (noteBlock.test(block.text ?? '') ? { ...block, text: block.text!.trimEnd() } : block)) },
      ]
    }
    const [block] = blocks
    if (message.role !== 'system' || block?.text === undefined || !dateNote.test(block.text)) return [message]
    dates.push(turn)
    if (block.cache_control !== undefined) marks += 1
    const content = block.text.replace(dateNote, '')
    return content === '' ? [] : [{ ...message, content }]
  })
  const unmarked = JSON.parse(JSON.stringify(messages), (key: string, value: unknown) => {
    if (key !== 'cache_control') return value
    marks += 1
    return undefined
  }) as typeof messages
  return { body: withoutFolder(bytes({ ...request, body: { ...request.body, messages: unmarked } })), dates, marks }
}
