/** The CLI without the bridge: a process for one question, timed from before its start. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { workspaceEnvironment } from '../src/claude/process/environment.js'
import { makeWorkspace } from '../workspace/workspace.js'
import { type Timed, systemPrompt } from './ask.js'

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

const patienceMs = 30_000

/** What every non-interactive use of the CLI needs to be driven over its pipes, and nothing to make it lean. */
export const defaultArgs = ['-p', '--input-format=stream-json', '--output-format=stream-json', '--verbose', '--include-partial-messages']

interface Line {
  type: string
  event?: { delta?: { text?: string } }
}

/** Resolves when process and folders are gone; neither making nor removing them is in the times. */
export async function askCli(launch: BareLaunch, question: string): Promise<Timed> {
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
  try {
    const request = { subtype: 'initialize', systemPrompt: [systemPrompt] }
    if (launch.withSystemPrompt) send({ type: 'control_request', request_id: '1', request })
    send({ type: 'user', message: { role: 'user', content: question }, parent_tool_use_id: null, session_id: '' })
    const timed: Timed = { firstMs: NaN, totalMs: NaN, text: '' }
    for await (const text of createInterface({ input: child.stdout })) {
      const line = JSON.parse(text) as Line
      const piece = line.type === 'stream_event' ? (line.event?.delta?.text ?? '') : ''
      if (piece !== '' && timed.text === '') timed.firstMs = performance.now() - from
      timed.text += piece
      if (line.type !== 'result') continue
      timed.totalMs = performance.now() - from
      child.stdin.end()
    }
    await exited
    return timed
  } finally {
    clearTimeout(limit)
    await workspace.remove()
  }

  function send(line: object): void {
    child.stdin.write(`${JSON.stringify(line)}\n`)
  }
}
