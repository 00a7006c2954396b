/** `npm run check-cli`: asks a Claude CLI whether it does what the bridge relies on, and prints a table. No account, no internet. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { checkCli } from './claude/check/check.js'
import { probes } from './claude/check/probes.js'
import { optionalProbes } from './claude/check/verdict.js'
import { locateBinary, readVersion } from './claude/process/binary.js'
import { baseEnvironment } from './claude/process/environment.js'
import { withSecretFiles } from './config/secret-files.js'

const { values } = parseArgs({ options: { bin: { type: 'string' } } })
const env = baseEnvironment(withSecretFiles(process.env))
const located = locateBinary(values.bin ?? (process.env['CLAUDE_BIN'] || undefined))
const { path: binary, version, problem } = located.problem === null ? await readVersion(located.path, env) : { ...located, version: null }
if (problem !== null) {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}

const workspaceRoot = mkdtempSync(path.join(os.tmpdir(), 'check-cli-'))
const stop = new AbortController()
process.once('SIGINT', () => stop.abort(new Error('stopped')))
process.once('SIGTERM', () => stop.abort(new Error('stopped')))

/** Prints one table, with a star at what jobs can do without; says whether all the rest passed. */
async function check(credential: 'api_key' | 'oauth_token'): Promise<boolean> {
  const how = credential === 'api_key' ? 'an API key or a bearer token (--bare)' : 'an OAuth token or a stored login'
  const verdict = await checkCli({ binary, version, env, credential, workspaceRoot, signal: stop.signal })
  const rows = probes.map(({ id, shows }) => {
    const passed = verdict.passed[id]
    const optional = optionalProbes.includes(id)
    const word = passed === true ? 'ok' : optional ? 'no' : 'FAIL'
    const why = passed === true ? '' : `\n${' '.repeat(23)}${passed}`
    return `  ${word.padEnd(5)} ${`${id}${optional ? ' *' : ''}`.padEnd(14)} ${shows}${why}\n`
  })
  const cpu = verdict.cpuSeconds === null ? '' : `, ${verdict.cpuSeconds.toFixed(1)} s of CPU`
  const head = `${version}, ${verdict.size} bytes, with ${how}`
  process.stdout.write(`${head}\n${rows.join('')}  ${verdict.seconds.toFixed(1)} s${cpu}\n\n`)
  return probes.every(({ id }) => optionalProbes.includes(id) || verdict.passed[id] === true)
}

try {
  const passed = [await check('api_key'), await check('oauth_token')]
  process.exitCode = passed.every(Boolean) ? 0 : 1
} finally {
  rmSync(workspaceRoot, { recursive: true, force: true })
}
