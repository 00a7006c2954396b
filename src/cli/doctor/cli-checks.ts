/** The Claude CLI: there, the right one, checked, started as a job starts it, logged in. Nothing leaves the machine. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkCli, otherCloudIn, sizeOf } from '../../claude/check/check.js'
import { verdictFor } from '../../claude/check/known.js'
import { probeStart } from '../../claude/check/start-probe.js'
import { checkedAs, optionalProbes, probeIds } from '../../claude/check/verdict.js'
import { credentialHint } from '../../claude/credential-hint.js'
import { locateBinary, readVersion } from '../../claude/process/binary.js'
import type { CredentialKind } from '../../claude/process/environment.js'
import { askLoginStatus } from '../../claude/process/login-status.js'
import { name } from '../../version.js'
import { type Finding, fault, warning } from './finding.js'

export interface Cli {
  path: string
  version: string
  credential: CredentialKind
  /** of its processes, see `baseEnvironment` */
  env: Record<string, string>
}

/** @param configured `CLAUDE_BIN`; undefined: the one that npm installed */
export async function findCli(
  configured: string | undefined,
  env: Record<string, string>,
): Promise<{ findings: Finding[]; version: string | null; path: string }> {
  const { path: file, problem } = locateBinary(configured)
  const remedy =
    configured === undefined ? 'Install the package again, with its optional packages.' : 'Correct CLAUDE_BIN, or leave it out.'
  if (problem !== null) return { findings: [fault('cli_missing', problem, remedy)], version: null, path: file }
  const said = await readVersion(file, env)
  if (said.problem === null) return { findings: [], version: said.version, path: file }
  return { findings: [fault('cli_wrong', `${file}: ${said.problem}`, remedy)], version: null, path: file }
}

/** Whether the version does what the server builds on; takes up to a minute for one whose verdict does not ship. */
export async function checkBehaviour({ path: binary, version, credential, env }: Cli, signal: AbortSignal): Promise<Finding[]> {
  if (otherCloudIn(env) !== undefined) return []
  const known = verdictFor(version, await sizeOf(binary), checkedAs(credential))
  const verdict = known ?? (await inFolder((workspaceRoot) => checkCli({ binary, version, env, credential, workspaceRoot, signal })))
  const failed = probeIds.filter((id) => verdict.passed[id] !== true)
  if (failed.length === 0) return []
  const remedy = `Run ${name} check-cli, and use a version that docs/claude-cli.md names.`
  const needed = failed.filter((id) => !optionalProbes.includes(id))
  if (needed.length > 0)
    return [fault('cli_unchecked', `Claude CLI ${version} does not do what the server relies on (${needed.join(', ')})`, remedy)]
  return [
    warning(
      'cli_unchecked',
      `with Claude CLI ${version} each question has a process of its own, which is slower (${failed.join(', ')})`,
      remedy,
    ),
  ]
}

export async function checkStart({ path: binary, version, credential, env }: Cli, signal: AbortSignal): Promise<Finding[]> {
  if (otherCloudIn(env) !== undefined) return []
  const found = await inFolder((workspaceRoot) => probeStart({ binary, version, env, credential, workspaceRoot, signal }))
  if (found === null) return []
  if (found.of === 'functions')
    return [fault('managed_policy', found.text, 'Have managed-settings.json and managed-mcp.json of Claude Code allow them.')]
  return [fault('cli_start', found.text, 'Look at what the CLI says, and at the settings of Claude Code for this user and machine.')]
}

/** A credential in the environment is the API's to judge; a stored login is the CLI's to know. */
export async function checkLogin({ path: binary, credential, env }: Cli): Promise<Finding[]> {
  if (credential !== 'login') return []
  const said = await askLoginStatus(binary, env)
  if (said?.loggedIn === true) return []
  return [fault('not_logged_in', 'the Claude CLI is not logged in, and no key is set', sentence(credentialHint(credential)))]
}

export function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${name}-doctor-`))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
