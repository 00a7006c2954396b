/**
 * The packed file as a stranger has it: made in a copy of the sources, installed into an empty directory, started by `npx`, asked, and ended by a
 * signal to `npx`.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { within } from '../../src/within.js'
import { startStandin } from '../standin/index.js'
import { startRegistry } from './registry.js'

const root = path.join(import.meta.dirname, '../../..')
/** From the end of the install to the first answer, in milliseconds. */
const firstAnswerMs = 60_000

type Lock = { packages: Record<string, { version?: string; dev?: boolean }> }

/** Resolves with a remark. @throws where anything of it is not as it has to be */
export async function tryPackage(): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-package-'))
  try {
    const file = await pack(folder)
    const contents = await filesIn(file)
    await checkVersions(folder, file)
    const app = path.join(folder, 'app')
    mkdirSync(app)
    await npm(app, ['install', file])
    const seconds = await useIt(folder, app)
    await checkTypes(app)
    return `${path.basename(file)}: ${contents} files; first answer ${seconds.toFixed(1)} s after the install's end`
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const npm = (cwd: string, args: readonly string[]) => execa('npm', [...args, '--no-audit', '--no-fund'], { cwd, timeout: 600_000 })

/** In a copy: packing removes what an earlier build has left, which this program runs from. */
async function pack(folder: string): Promise<string> {
  const copy = path.join(folder, 'sources')
  const left = ['node_modules', 'dist', '.git', '.tap', '.data']
  cpSync(root, copy, { recursive: true, filter: (source) => !left.includes(path.relative(root, source)) })
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  await npm(copy, ['pack', '--pack-destination', folder])
  assert.ok(!existsSync(path.join(copy, 'npm-shrinkwrap.json')), 'the shrinkwrap is for the package alone')
  const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  assert.ok(packed, 'npm pack has written a file')
  return path.join(folder, packed)
}

async function filesIn(file: string): Promise<number> {
  const { stdout } = await execa('tar', ['-tzf', file])
  const names = stdout.split('\n').map((name) => name.replace(/^package\//, ''))
  for (const needed of ['dist/src/cli/main.js', 'dist/src/types.d.ts', 'routes/dashboard.html', '.mcp.json', 'npm-shrinkwrap.json']) {
    assert.ok(names.includes(needed), `${needed} is in the package`)
  }
  const odd = names.filter((name) => /^(?:dist\/)?(?:test|bench)\/|\.map$|^src\/|tsbuildinfo/.test(name))
  assert.deepEqual(odd, [], 'nothing of the development is')
  return names.length
}

/** From a registry npm heeds the shrinkwrap: what is installed is what was tested. */
async function checkVersions(folder: string, file: string): Promise<void> {
  const { stdout } = await execa('tar', ['-xzOf', file, 'package/npm-shrinkwrap.json'])
  assert.ok(!/https?:\/\/[^"]*\.tgz"/.test(stdout), 'no address of a registry')
  const registry = await startRegistry(file)
  const app = path.join(folder, 'locked')
  mkdirSync(app)
  try {
    await npm(app, ['install', registry.name, '--package-lock-only', '--registry', registry.url])
  } finally {
    await registry.close()
  }
  const here = `node_modules/${registry.name}/`
  const installed = (JSON.parse(readFileSync(path.join(app, 'package-lock.json'), 'utf8')) as Lock).packages
  const tested = (JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as Lock).packages
  const wanted = Object.entries(tested).filter(([place, { dev }]) => place !== '' && dev !== true)
  assert.ok(wanted.length > 100)
  for (const [place, { version }] of wanted) assert.equal(installed[here + place]?.version, version, place)
  const dev = Object.entries(tested).filter(([, entry]) => entry.dev === true)
  for (const [place] of dev) assert.ok(!(here + place in installed), `${place} is for the development`)
}

/** Resolves with the seconds until the first answer. */
async function useIt(folder: string, app: string): Promise<number> {
  const standin = await startStandin()
  const home = path.join(folder, 'home')
  mkdirSync(home)
  const user = { PATH: process.env['PATH'] ?? '', HOME: home }
  // no setting but the credential, where the model is, and a port of its own
  const env = { ...user, PORT: '0', ANTHROPIC_BASE_URL: standin.url, ANTHROPIC_API_KEY: 'sk-ant-secret-of-the-stand-in' }
  const data = path.join(home, '.local/state/claude-bridge')
  const before = performance.now()
  // a group of its own, so that nothing of it is left
  const server = spawn('npx', ['claude-bridge', 'serve'], { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const ended = once(server, 'close') as Promise<[number | null, string | null]>
  try {
    const url = await addressOf(server)
    const asked = await execa('npx', ['claude-bridge', 'ask', 'Tell me a joke'], {
      cwd: app,
      env: { ...user, CLAUDE_BRIDGE_URL: url },
      extendEnv: false,
      stdin: 'ignore',
    })
    const ms = performance.now() - before
    assert.match(asked.stdout, /\S/)
    assert.ok(ms < firstAnswerMs, `the first answer took ${ms} ms`)
    assert.ok(existsSync(path.join(data, 'jobs.db')), "jobs are in the user's state directory")
    assert.deepEqual(
      readdirSync(app).filter((name) => !['node_modules', 'package.json', 'package-lock.json'].includes(name)),
      [],
      'and nothing where it was started',
    )
    server.kill('SIGTERM')
    // npx ends at once, and its output when the server has ended as well
    await within(ended, 30_000, 'the server lives on after npx')
    await assert.rejects(fetch(`${url}/health`), 'nothing listens any more')
    assert.ok(!existsSync(path.join(data, 'jobs.db-wal')), 'the database was closed in order')
    return ms / 1000
  } finally {
    endGroup(server.pid!)
    await ended
    await standin.close()
  }
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // all of it has ended
  }
}

async function addressOf(server: ChildProcess): Promise<string> {
  let output = ''
  for (const stream of [server.stdout!, server.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const find = () => /Server listening at (http:\/\/127[^"]+)/.exec(output)?.[1]
  const deadline = performance.now() + firstAnswerMs
  while (find() === undefined && server.exitCode === null && performance.now() < deadline) await sleep(20)
  const url = find()
  assert.ok(url, `the server listens: ${output}`)
  return url
}

/** A program that uses the exported types compiles, and one that uses them wrongly does not. */
async function checkTypes(app: string): Promise<void> {
  const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2023', types: [] }
  writeFileSync(path.join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['uses.mts'] }))
  const compile = async (source: string) => {
    writeFileSync(path.join(app, 'uses.mts'), source)
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    return (await execa(process.execPath, [tsc, '-p', app], { cwd: app, reject: false })).stdout
  }
  const uses = `import type { Task, TaskEvent } from 'claude-bridge'
export const told = (event: TaskEvent): string => (event.type === 'text' ? event.text : event.type === 'end' ? event.status : '')
export const answer = (task: Task): string | null | undefined => task.result?.choices[0]?.message.content
`
  assert.equal(await compile(uses), '')
  assert.match(await compile(uses.replace('event.text', 'event.words')), /'words' does not exist/)
}
