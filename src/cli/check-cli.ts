/** `check-cli`: asks a Claude CLI whether it does what the bridge relies on, and prints a table. No account, no internet. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkCli } from '../claude/check/check.js'
import { probes } from '../claude/check/probes.js'
import { optionalProbes } from '../claude/check/verdict.js'
import { locateBinary, readVersion } from '../claude/process/binary.js'
import { baseEnvironment } from '../claude/process/environment.js'
import { withSecretFiles } from '../config/secret-files.js'

import { CommandError, type Exit, exits } from './exits.js'
import { stoppable } from './stop.js'

type Asked = Omit<Parameters<typeof checkCli>[0], 'credential'>

/** @param bin another binary than the installed one, or `CLAUDE_BIN`. @throws CommandError, Stopped */
export async function checkTheCli(given: NodeJS.ProcessEnv, bin: string | undefined): Promise<Exit> {
  const env = baseEnvironment(withSecretFiles(given))
  const located = locateBinary(bin ?? (given['CLAUDE_BIN'] || undefined))
  const { path: binary, version, problem } = located.problem === null ? await readVersion(located.path, env) : { ...located, version: null }
  if (problem !== null || version === null) throw new CommandError(problem ?? 'the CLI does not say its version', exits.failed)
  const workspaceRoot = mkdtempSync(path.join(os.tmpdir(), 'check-cli-'))
  try {
    return await stoppable(async (signal) => {
      const asked = { binary, version, env, workspaceRoot, signal }
      const passed = [await check(asked, 'api_key'), await check(asked, 'oauth_token')]
      return passed.every(Boolean) ? exits.done : exits.failed
    })
  } finally {
    rmSync(workspaceRoot, { recursive: true, force: true })
  }
}

/** Prints one table, with a star at what jobs can do without; says whether all the rest passed. */
async function check(asked: Asked, credential: 'api_key' | 'oauth_token'): Promise<boolean> {
  const how = credential === 'api_key' ? 'an API key or a bearer token (--bare)' : 'an OAuth token or a stored login'
  const verdict = await checkCli({ ...asked, credential })
  const rows = probes.map(({ id, shows }) => {
    const passed = verdict.passed[id]
    const optional = optionalProbes.includes(id)
    const word = passed === true ? 'ok' : optional ? 'no' : 'FAIL'
    const why = passed === true ? '' : `\n${' '.repeat(23)}${passed}`
    return `  ${word.padEnd(5)} ${`${id}${optional ? ' *' : ''}`.padEnd(14)} ${shows}${why}\n`
  })
  const cpu = verdict.cpuSeconds === null ? '' : `, ${verdict.cpuSeconds.toFixed(1)} s of CPU`
  const head = `${asked.version}, ${verdict.size} bytes, with ${how}`
  process.stdout.write(`${head}\n${rows.join('')}  ${verdict.seconds.toFixed(1)} s${cpu}\n\n`)
  return probes.every(({ id }) => optionalProbes.includes(id) || verdict.passed[id] === true)
}
