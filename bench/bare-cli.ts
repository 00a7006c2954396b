/** The CLI without the bridge: a process for one question, timed from before its start. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { chatProfile } from '../src/claude/process/launch-flags.js'
import { workspaceEnvironment } from '../src/claude/process/environment.js'
import { makeWorkspace } from '../workspace/workspace.js'
import { type ChatMessage, type Timed, model, systemPrompt } from './ask.js'
import type { Rig } from './rig.js'

export interface BareLaunch {
  binary: string
  args: readonly string[]
  /** see `baseEnvironment` */
  env: Record<string, string>
  /** folder for the process's own folders */
  parent: string
  /** whether the system prompt is set, as the bridge does it; else the CLI uses its own */
  withSystemPrompt: boolean
}

export interface BareProcess {
  pid: number
  /** Resolves when it has taken its system prompt and waits for a question. */
  ready(): Promise<void>
  /** The answer to its first question, timed from before the process was started. */
  ask(question: string): Promise<Timed>
  /** The answer to a further question, timed from before the first of these messages is told. Questions and answers in turn, a question first. */
  goOn(history: readonly ChatMessage[], question: string): Promise<Timed>
  /** Resolves when process and folders are gone. */
  end(): Promise<void>
}

const patienceMs = 30_000

/** What every non-interactive use of the CLI needs to be driven over its pipes, and nothing to make it lean. */
export const defaultArgs = ['-p', '--input-format=stream-json', '--output-format=stream-json', '--verbose', '--include-partial-messages']

/** The CLI as the bridge starts it. */
export function bareLean(rig: Rig): BareLaunch {
  const { args } = chatProfile({ model }, 'api_key')
  return { binary: rig.cli.binary, args, env: rig.cli.env, parent: rig.folder, withSystemPrompt: true }
}

/** Resolves when process and folders are gone; neither making nor removing them is in the times. */
export async function askCli(launch: BareLaunch, question: string): Promise<Timed> {
  const bare = await startBare(launch)
  try {
    return await bare.ask(question)
  } finally {
    await bare.end()
  }
}

interface Line {
  type: string
  event?: { delta?: { text?: string } }
}

/** It is killed after 30 s. */
export async function startBare(launch: BareLaunch): Promise<BareProcess> {
  const workspace = await makeWorkspace(launch.parent)
  const from = performance.now()
  const child = spawn(launch.binary, launch.args, {
    cwd: workspace.work,
    env: workspaceEnvironment(launch.env, 'api_key', workspace),
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const exited = once(child, 'exit')
  const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), patienceMs)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // what a process that has been killed is still told
  child.stdin.on('error', () => {})
  const send = (line: object) => child.stdin.write(`${JSON.stringify(line)}\n`)
  const request = { subtype: 'initialize', systemPrompt: [systemPrompt] }
  if (launch.withSystemPrompt) send({ type: 'control_request', request_id: '1', request })
  return {
    pid: child.pid!,
    async ready() {
      await readUntil('control_response')
    },
    ask: (question) => ask(question, from),
    async goOn(history, question) {
      const begun = performance.now()
      for (const { role, content } of history) {
        const more = role === 'user' ? { shouldQuery: false } : {}
        say(role, [{ type: 'text', text: content }], more)
        // what is said before the result of a told question comes out of its order
        if (role === 'user') await readUntil('result')
      }
      return ask(question, begun)
    },
    async end() {
      child.stdin.end()
      await exited
      clearTimeout(limit)
      await workspace.remove()
    },
  }

  function say(role: string, content: unknown, more: object = {}): void {
    const message = role === 'user' ? { role, content } : { role, content, id: `msg_${randomUUID()}`, model }
    send({ type: role, ...more, message, parent_tool_use_id: null, session_id: '' })
  }

  async function ask(question: string, begun: number): Promise<Timed> {
    say('user', question)
    const timed: Timed = { firstMs: NaN, totalMs: NaN, text: '' }
    await readUntil('result', (line) => {
      const piece = line.type === 'stream_event' ? (line.event?.delta?.text ?? '') : ''
      if (piece !== '' && timed.text === '') timed.firstMs = performance.now() - begun
      timed.text += piece
    })
    timed.totalMs = performance.now() - begun
    return timed
  }

  async function readUntil(type: string, each: (line: Line) => void = () => {}): Promise<void> {
    for (;;) {
      const next = await lines.next()
      if (next.done === true) throw new Error(`the bare CLI ended before its ${type}`)
      const line = JSON.parse(next.value) as Line
      each(line)
      if (line.type === type) return
    }
  }
}
