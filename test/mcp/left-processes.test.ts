/** Processes that a job's MCP server leaves behind without an environment, in `/`: none outlives its job, however the job ends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { markedProcesses, readProc } from '../claude/harness.js'
import { startBridge, until } from '../helper.js'
import { contains, message, toolResults, toolUse } from '../standin/index.js'
import { openWorkspaceRoot } from '../../workspace/workspace.js'

t.setTimeout(240_000)
const linux = process.platform === 'linux' ? {} : { skip: 'needs /proc' }
const folder = mkdtempSync(path.join(os.tmpdir(), 'mcp-left-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const kinds = ['bare', 'session', 'orphan', 'daemon']
const stub = path.join(import.meta.dirname, 'leaving-server.js')
const servers = Object.fromEntries(kinds.map((how) => [how, { command: process.execPath, args: [stub, how] }]))
writeFileSync(path.join(folder, 'registry.json'), JSON.stringify({ mcpServers: servers }))
const bridge = await startBridge(t, { env: { MCP_CONFIG: path.join(folder, 'registry.json') } })
const { standin } = bridge
const workspaces = openWorkspaceRoot(bridge.app.config.dataDir)

function ask(how: string, marker: string, signal?: AbortSignal): Promise<Response> {
  const body = { model: 'sonnet', mcp_servers: [how], messages: [{ role: 'user', content: marker }] }
  return bridge.post('/v1/chat/completions', body, {}, signal)
}

/** The id that the tool has given; waits for the call of the API that brings it. */
async function leftBy(marker: string): Promise<number> {
  const second = () => standin.calls.filter((call) => contains(call, marker))[1]
  await until(() => second() !== undefined, 30_000)
  return Number(toolResults(second()!)[0]!.text)
}

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

const call = (how: string) => message(toolUse(`mcp__${how}__call`, {}))

for (const how of kinds) {
  await t.test(`${how}: after an answer`, linux, async (t) => {
    standin.when(`L-answer-${how}`, call(how), message('ok'))
    const response = await ask(how, `L-answer-${how}`)
    t.equal(response.status, 200, await response.text())
    const pid = await leftBy(`L-answer-${how}`)
    t.ok(pid > 0)
    t.ok(await until(() => !isRunning(pid)), 'the process is gone')
  })

  await t.test(`${how}: after a cancel`, linux, async (t) => {
    standin.when(`L-cancel-${how}`, call(how), message('never', { pace: { headersDelayMs: 60_000 } }))
    const leaving = new AbortController()
    const response = ask(how, `L-cancel-${how}`, leaving.signal).catch(() => null)
    const pid = await leftBy(`L-cancel-${how}`)
    t.ok(isRunning(pid), 'it lives while its job does')
    leaving.abort()
    await response
    t.ok(await until(() => !isRunning(pid)), 'the process is gone')
  })

  await t.test(`${how}: after the CLI was killed`, linux, async (t) => {
    standin.when(`L-killed-${how}`, call(how), message('never', { pace: { headersDelayMs: 60_000 } }))
    const response = ask(how, `L-killed-${how}`)
    const pid = await leftBy(`L-killed-${how}`)
    t.ok(isRunning(pid), 'it lives while its job does')
    // the tree falls apart with the CLI: what was seen of it is known
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const cli = markedProcesses(workspaces).filter((marked) => readProc(marked, 'cmdline').includes('--strict-mcp-config'))
    for (const marked of cli) process.kill(marked, 'SIGKILL')
    t.equal((await response).status, 502)
    t.ok(await until(() => !isRunning(pid)), 'the process is gone')
  })
}
