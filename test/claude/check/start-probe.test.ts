/** The start probe tells what no setting tells, and believes what happens later. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { CheckOptions } from '../../../src/claude/check/check.js'
import { StartProbe, type StartProbeOptions, probeStart } from '../../../src/claude/check/start-probe.js'
import type { ClaudeBinary } from '../../../src/claude/process/binary.js'
import { baseEnvironment } from '../../../src/claude/process/environment.js'
import { ClaudeStatus } from '../../../src/claude/status.js'
import { until } from '../../helper.js'
import { markedProcesses, temporary } from '../harness.js'
import { realCli } from '../real-cli.js'

const { binary: real, version } = await realCli()
/** 2.1.197 offers them all the same, and denies them when they are called. */
const withoutFunctions = /functions do not reach the model|functions do not work: .*denied/

/** The real CLI behind a shell's lines. */
function wrapped(t: Test, lines: string): string {
  const file = path.join(temporary(t), 'claude')
  rewrite(file, lines)
  return file
}

function rewrite(file: string, lines: string): void {
  writeFileSync(file, `#!/bin/sh\n${lines}\nexec '${real}' "$@"\n`, { mode: 0o755 })
}

/** As an administrator's `managed-mcp.json` has it. */
const managedMcp = `case "$*" in *--mcp-config*) echo 'You cannot use --mcp-config when an enterprise MCP config is present' >&2; exit 1;; esac`
/** As an administrator's rule against the functions has it. */
const denied = `case "$*" in *--mcp-config*) exec '${real}' "$@" --disallowedTools mcp__client;; esac`

function optionsOf(t: Test, binary: string, more: Partial<CheckOptions> = {}): CheckOptions {
  const env = { ...baseEnvironment({ PATH: process.env['PATH'], HOME: temporary(t) }), CLAUDE_CODE_CERT_STORE: 'bundled' }
  const signal = new AbortController().signal
  return { binary, version, env, credential: 'api_key', workspaceRoot: temporary(t), signal, ...more }
}

for (const credential of ['api_key', 'login'] as const) {
  await t.test(`the CLI as it is, with ${credential}`, async (t) => {
    const options = optionsOf(t, real, { credential })
    t.equal(await probeStart(options), null)
    t.strictSame([...markedProcesses(options.workspaceRoot), ...readdirSync(options.workspaceRoot)], [], 'nothing is left')
  })
}

await t.test('what an administrator forbids', async (t) => {
  t.match(await probeStart(optionsOf(t, wrapped(t, managedMcp))), {
    of: 'start',
    text: /^the start probe failed: the process ended \(exit code 1\): You cannot use --mcp-config/,
  })
  t.match(await probeStart(optionsOf(t, wrapped(t, denied))), { of: 'functions', text: withoutFunctions })
})

await t.test('a process that takes too long shows nothing', async (t) => {
  const limits = { totalMs: 300, stepMs: 300, cpuMs: 60_000 }
  await t.rejects(probeStart(optionsOf(t, wrapped(t, 'sleep 5'), { limits })), { name: 'LimitReached' })
})

interface Scene {
  probe: StartProbe
  told: unknown[]
}

function scene(t: Test, binary: string, more: Partial<StartProbeOptions> = {}): Scene {
  const told: unknown[] = []
  const { env, credential, workspaceRoot } = optionsOf(t, binary)
  const probe = new StartProbe({
    binary: () => ({ path: binary, version: '9.9.9', problem: null }),
    ...{ env, credential, workspaceRoot, quiet: () => true, againMs: 100 },
    onResult: (problem, error) => told.push(problem ?? error ?? 'well'),
    ...more,
  })
  t.teardown(() => probe.close())
  return { probe, told }
}

await t.test('once for each file, again after a problem', async (t) => {
  const file = wrapped(t, '')
  const results = [{ text: 'bad', of: 'start' } as const, null, null]
  let made = 0
  const { probe, told } = scene(t, file, { probe: async () => results[made++]! })
  const looked = async () => {
    probe.look()
    probe.look()
    await until(() => told.length === made)
  }
  await looked()
  t.match(probe.problem, { text: 'bad' })
  await looked()
  t.equal(made, 1, 'not at once')
  t.ok(await until(() => (probe.look(), made === 2)))
  await until(() => told.length === 2)
  t.equal(probe.problem, null)
  await new Promise((resolve) => setTimeout(resolve, 150))
  await looked()
  t.equal(made, 2, 'what is well is not asked again')
  rewrite(file, '# another one')
  await looked()
  t.equal(made, 3, 'another file is')
  rmSync(file)
  await looked()
  t.equal(made, 3, 'none is not')
})

await t.test('a run that succeeds says more than a start that failed', async (t) => {
  for (const [of, left] of [
    ['start', null],
    ['functions', { text: 'bad', of: 'functions' }],
  ] as const) {
    const { probe, told } = scene(t, wrapped(t, ''), { probe: async () => ({ text: 'bad', of }) })
    probe.look()
    await until(() => told.length === 1)
    probe.worked()
    t.strictSame(probe.problem, left, of)
  }
})

await t.test('a probe does not overrule a run that succeeded before it ended', async (t) => {
  const file = wrapped(t, '')
  let end!: () => void
  const ended = new Promise<void>((resolve) => (end = resolve))
  const { probe, told } = scene(t, file, { probe: () => ended.then(() => ({ text: 'bad', of: 'start' }) as const) })
  probe.look()
  probe.worked()
  end()
  await until(() => told.length === 1)
  t.equal(probe.problem, null)
  await new Promise((resolve) => setTimeout(resolve, 150))
  probe.look()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(told.length, 1, 'nor is it made again')
})

await t.test('only when no job wants the CPU, and not with another cloud', async (t) => {
  let quiet = false
  let made = 0
  const probe = async () => {
    made += 1
    return null
  }
  const waiting = scene(t, wrapped(t, ''), { quiet: () => quiet, probe })
  waiting.probe.look()
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(made, 0)
  quiet = true
  t.ok(await until(() => made === 1))
  const cloud = scene(t, wrapped(t, ''), { env: { CLAUDE_CODE_USE_BEDROCK: '1' }, probe })
  cloud.probe.look()
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(made, 1)
})

await t.test('a server that stops ends a probe', async (t) => {
  const { probe, told } = scene(t, wrapped(t, 'sleep 30'))
  probe.look()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const from = performance.now()
  await probe.close()
  t.ok(performance.now() - from < 5000)
  t.strictSame(told, [])
})

await t.test('what it found is why the server is not ready; the mended program is asked again', async (t) => {
  const file = wrapped(t, managedMcp)
  const env = { PATH: process.env['PATH'], HOME: temporary(t), ANTHROPIC_API_KEY: 'none', CLAUDE_CODE_CERT_STORE: 'bundled' }
  const timing = { recheckMs: 200, askMs: 10_000, refusedMs: 60_000 }
  const { probe } = scene(t, file, { binary: (): ClaudeBinary => status.current(), againMs: 60_000 })
  const status = new ClaudeStatus(file, env, baseEnvironment(env), timing, probe)
  t.teardown(() => status.stop())
  status.start()
  t.ok(await until(() => status.trouble?.message.includes('You cannot use --mcp-config') === true))
  t.match(status.health(), { problem: /You cannot use --mcp-config/, claude_authenticated: true })

  t.notOk(status.halfOpen, 'not at once')

  rewrite(file, denied)
  t.ok(await until(() => withoutFunctions.test(status.health().problem ?? '')), 'which is another file')
  t.equal(status.trouble, null, 'questions without functions are answered')

  rewrite(file, '')
  t.ok(await until(() => status.health().problem === null))
  rmSync(file)
  t.ok(await until(() => status.trouble?.message === 'the Claude CLI binary is not there'))
})
