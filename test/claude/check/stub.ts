/** Programs in place of the CLI, and a check of one with all that a test asks of it. */
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { type CheckOptions, type CheckedVerdict, checkCli } from '../../../src/claude/check/check.js'
import { baseEnvironment } from '../../../src/claude/process/environment.js'
import type { Lie } from '../../fixtures/cli-proxy.js'
import { markedProcesses, temporary } from '../harness.js'

let stubs = 0

/** Writes a program; resolves with its path. */
export function program(t: Test, body: string): string {
  const file = path.join(temporary(t, 'check-stub-'), `stub-${stubs++}.mjs`)
  writeFileSync(file, `#!/usr/bin/env node\n${body}\n`, { mode: 0o755 })
  return file
}

/** The real CLI with something between it and the host, see `test/fixtures/cli-proxy.ts`. */
export function liar(t: Test, real: string, lie: Lie): string {
  const proxy = path.join(import.meta.dirname, '../../fixtures/cli-proxy.js')
  return program(t, `import { runProxy } from ${JSON.stringify(proxy)}\nrunProxy(${JSON.stringify(real)}, ${JSON.stringify(lie)})`)
}

/** Checks a binary. Also says which processes and files are left. */
export async function checked(
  t: Test,
  binary: string,
  more: Partial<CheckOptions> = {},
): Promise<{ verdict: CheckedVerdict; left: unknown[]; ms: number }> {
  const workspaceRoot = temporary(t, 'check-root-')
  const env = baseEnvironment({ PATH: process.env['PATH'], CLAUDE_CODE_CERT_STORE: 'bundled' })
  const from = performance.now()
  const signal = new AbortController().signal
  const verdict = await checkCli({ binary, version: '2.1.329', env, credential: 'api_key', workspaceRoot, signal, ...more })
  return { verdict, left: [...markedProcesses(workspaceRoot), ...readdirSync(workspaceRoot)], ms: performance.now() - from }
}
