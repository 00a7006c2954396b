/** `doctor`: each fault of its table, made real, or by a stub where a machine cannot be changed. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import path from 'node:path'
import t, { type Test } from 'tap'
import { askOnce, checkClock, checkWay } from '../../src/cli/doctor/api-checks.js'
import { checkBehaviour, checkLogin, checkStart, findCli } from '../../src/cli/doctor/cli-checks.js'
import { type Finding, findingIds } from '../../src/cli/doctor/finding.js'
import { flagsIn, type Machine } from '../../src/cli/doctor/machine.js'
import { checkCpu, checkInit, checkMemory, checkNode } from '../../src/cli/doctor/machine-checks.js'
import { checkAddresses, checkExposure } from '../../src/cli/doctor/place-checks.js'
import { checkDataDir, checkRedis, checkTmp } from '../../src/cli/doctor/store-checks.js'
import { baseEnvironment } from '../../src/claude/process/environment.js'
import { readConfig } from '../../src/config.js'
import { loadDriver } from '../../src/jobs/sqlite/driver.js'
import { environment } from '../helper.js'
import { temporary } from '../helper-server.js'
import { startRedis, withRedis } from '../redis.js'
import { freePort } from '../standin/ports.js'
import { httpError, startStandin } from '../standin/index.js'
import { main, run } from './helper.js'

const folder = temporary(t)
const seen = new Set<string>()
const { signal } = new AbortController()

/** That exactly this was found. */
function finds(t: Test, found: readonly Finding[], id: Finding['id'], level: Finding['level'], says: RegExp): void {
  seen.add(id)
  t.equal(found.length, 1, `${id}: ${JSON.stringify(found)}`)
  t.match(found[0], { id, level, says })
  t.match(found[0]?.remedy, /^[A-Z].*\.$/, 'it says what to do')
}

const config = (env: Record<string, string> = {}) => readConfig({ DATA_DIR: path.join(folder, 'data'), PORT: '0', ...env })

await t.test('the machine, by a stub', async (t) => {
  const flags = flagsIn(`processor : 0\nflags\t\t: fpu cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3\n`)
  const good: Machine = { nodeVersion: '20.19.0', architecture: 'x64', cpuFlags: flags, memory: 8e9, containerInit: 'tini' }
  const bounds = { maxConcurrent: 4, maxProcesses: 8 }
  for (const found of [checkNode(good), checkCpu(good), checkInit(good), checkMemory(good, bounds)]) t.strictSame(found, [])
  finds(t, checkNode({ ...good, nodeVersion: '20.18.3' }), 'node_too_old', 'fault', /20\.18\.3/)
  finds(t, checkNode({ ...good, nodeVersion: '18.20.0' }), 'node_too_old', 'fault', /18/)
  finds(
    t,
    checkCpu({ ...good, cpuFlags: new Set(['pni', 'cx16']) }),
    'cpu_too_old',
    'fault',
    /lacks lahf_lm, popcnt, sse4_1, sse4_2, ssse3,/,
  )
  t.strictSame(checkCpu({ ...good, architecture: 'arm64', cpuFlags: new Set() }), [])
  finds(t, checkMemory({ ...good, memory: 3e8 }, null), 'memory_small', 'fault', /286 MB/)
  finds(t, checkMemory({ ...good, memory: 1e9 }, bounds), 'memory_small', 'warning', /4 runs at once can take 1400 MB/)
  finds(t, checkInit({ ...good, containerInit: 'node' }), 'no_init', 'warning', /is node/)
  t.strictSame(checkInit({ ...good, containerInit: null }), [], 'no container')
})

await t.test('addresses', async (t) => {
  const port = await freePort('127.0.0.1')
  const listen = async (host: string) => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
    t.teardown(() => server.close())
  }
  const at = (more: Record<string, string> = {}) => checkAddresses(config({ PORT: String(port), ...more }))
  t.strictSame(await at(), { findings: [], running: [] })
  finds(t, (await at({ HOST: '192.0.2.1', API_KEYS: 'a-key-of-sixteen-or-more' })).findings, 'address_unusable', 'fault', /192\.0\.2\.1/)
  const six = await listen('::1').then(
    () => true,
    () => false,
  )
  if (six) finds(t, (await at()).findings, 'loopback_taken', 'warning', /::1 is in use/)
  await listen('127.0.0.1')
  const both = (await at()).findings
  if (six) finds(t, both, 'port_taken', 'fault', /127\.0\.0\.1/)
  finds(t, (await at({ HOST: '127.0.0.1' })).findings, 'port_taken', 'fault', new RegExp(`port ${port}`))
  finds(
    t,
    checkExposure(config({ API_KEYS: 'a:a-key-of-sixteen-or-more,b:b-key-of-sixteen-or-more' }), 'login'),
    'open_with_subscription',
    'warning',
    /2 keys/,
  )
  t.strictSame(checkExposure(config(), 'login'), [])
})

await t.test('data directory, database, Redis', async (t) => {
  t.strictSame(await checkDataDir(config()), [])
  t.strictSame(await checkTmp(config()), [])
  finds(t, await checkDataDir(config({ DATA_DIR: '/proc/x' })), 'data_dir_unusable', 'fault', /\/proc\/x/)
  const newer = path.join(folder, 'newer')
  mkdirSync(newer)
  const db = (await loadDriver())(path.join(newer, 'jobs.db'))
  db.exec('PRAGMA user_version = 999')
  db.close()
  finds(t, await checkDataDir(config({ DATA_DIR: newer })), 'database_newer', 'fault', /schema 999/)
  const damaged = path.join(folder, 'damaged')
  mkdirSync(damaged)
  writeFileSync(path.join(damaged, 'jobs.db'), 'no database '.repeat(1000))
  finds(t, await checkDataDir(config({ DATA_DIR: damaged })), 'database_unusable', 'fault', /not a database/)
  t.equal(readFileSync(path.join(damaged, 'jobs.db'), 'utf8'), 'no database '.repeat(1000), 'it is left as it was')
  finds(t, await checkRedis(config({ STORE_URL: 'redis://127.0.0.1:1' })), 'redis_away', 'fault', /ECONNREFUSED/)
})

await t.test('what Redis is', withRedis, async (t) => {
  const plain = await startRedis(t, ['--appendonly', 'no'])
  finds(t, await checkRedis(config({ STORE_URL: plain.url })), 'redis_loses_records', 'warning', /no append-only file/)
  const evicting = await startRedis(t, ['--maxmemory-policy', 'allkeys-lru'])
  finds(t, await checkRedis(config({ STORE_URL: evicting.url })), 'redis_loses_records', 'warning', /allkeys-lru/)
  const cluster = await startRedis(t, ['--cluster-enabled', 'yes'])
  finds(t, await checkRedis(config({ STORE_URL: cluster.url })), 'redis_unusable', 'fault', /Cluster/)
})

await t.test('the CLI', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const env = environment(folder, standin.url)
  const own = baseEnvironment(env)
  finds(t, (await findCli('/nowhere/claude', own)).findings, 'cli_missing', 'fault', /not there/)
  finds(t, (await findCli('/bin/true', own)).findings, 'cli_wrong', 'fault', /did not answer/)
  const found = await findCli(process.env['CLAUDE_BIN'], own)
  t.strictSame(found.findings, [])
  const cli = { path: found.path, version: found.version!, credential: 'api_key' as const, env: own }
  const stub = (name: string, script: string) => {
    const file = path.join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return { ...cli, path: file, version: '9.9.9' }
  }
  const liar = stub('liar', '[ "$1" = --version ] && echo "9.9.9 (Claude Code)" && exit; exit 3')
  finds(t, await checkBehaviour(liar, signal), 'cli_unchecked', 'fault', /9\.9\.9 does not do/)
  finds(t, await checkStart(liar, signal), 'cli_start', 'fault', /start probe failed/)
  t.strictSame(await checkBehaviour({ ...cli, version: '2.1.329' }, signal), [])
  const denying = JSON.stringify({ permissions: { deny: ['mcp__client'] } })
  const managed = stub(
    'managed',
    `case "$*" in *--input-format*) exec '${cli.path}' "$@" --settings '${denying}';; esac\nexec '${cli.path}' "$@"`,
  )
  finds(t, await checkStart({ ...managed, version: cli.version }, signal), 'managed_policy', 'fault', /administrator/)
  const home = path.join(folder, 'nobody-logged-in')
  mkdirSync(home)
  finds(
    t,
    await checkLogin({ ...cli, credential: 'login', env: { PATH: own['PATH']!, HOME: home } }),
    'not_logged_in',
    'fault',
    /not logged in/,
  )
  t.strictSame(await checkLogin(cli), [], 'a key is for the API to judge')
})

await t.test('the way to the API', async (t) => {
  const way = (env: Record<string, string>) => checkWay(env)
  const refused = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' }
  finds(t, await way(refused), 'api_unreachable', 'fault', /ECONNREFUSED/)
  finds(t, await way({ ...refused, http_proxy: 'http://user:secret@127.0.0.1:2' }), 'proxy', 'fault', /through the proxy 127\.0\.0\.1:2$/)
  finds(t, await way({ ...refused, http_proxy: 'http://127.0.0.1:2', no_proxy: '127.0.0.1' }), 'api_unreachable', 'fault', /ECONNREFUSED/)
  const late = createHttp((_, response) => response.writeHead(401, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end())
  await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve))
  t.teardown(() => late.close())
  const url = `http://127.0.0.1:${(late.address() as AddressInfo).port}`
  finds(t, await way({ ANTHROPIC_BASE_URL: url }), 'clock_off', 'warning', /60 minutes ahead/)
  t.strictSame(checkClock('rubbish', 'h'), [])
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-days',
    '2',
    '-keyout',
    path.join(folder, 'key.pem'),
    '-out',
    path.join(folder, 'cert.pem'),
  ])
  if (made.status !== 0) return void t.comment('no openssl: certificates are not tried')
  const secure = createHttps(
    { key: readFileSync(path.join(folder, 'key.pem')), cert: readFileSync(path.join(folder, 'cert.pem')) },
    (_, response) => response.end(),
  )
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  t.teardown(() => secure.close())
  finds(
    t,
    await way({ ANTHROPIC_BASE_URL: `https://127.0.0.1:${(secure.address() as AddressInfo).port}` }),
    'certificate',
    'fault',
    /self.signed/,
  )
})

await t.test('a short question', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const env = environment(folder, standin.url)
  const answer = await askOnce(config(), env, 'api_key')
  t.strictSame(answer.findings, [])
  t.ok(answer.ms! > 0)
  for (const [status, id, level] of [
    [401, 'login_refused', 'fault'],
    [429, 'api_limited', 'warning'],
    [400, 'question_failed', 'fault'],
  ] as const) {
    const refusing = await startStandin({ fallback: () => httpError(status, { message: 'as the API says' }) })
    t.teardown(() => refusing.close())
    finds(t, (await askOnce(config(), environment(folder, refusing.url), 'api_key')).findings, id, level, /as the API says/)
  }
})

await t.test('the command', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  const env = { ...environment(folder, standin.url), PORT: '0' }
  const own = path.join(folder, 'tmp')
  mkdirSync(own)
  const good = await run(t, ['doctor', '--json'], { env: { ...env, TMPDIR: own } })
  t.equal(good.code, 0, good.stdout + good.stderr)
  t.match(JSON.parse(good.stdout), { ok: true, good: [/^Node/] })
  t.strictSame(readdirSync(own), [], 'it leaves no folder')
  const bad = await run(t, ['doctor', '--no-ask'], { env: { ...env, PORT: 'many', CLAUDE_BIN: '/nowhere' } })
  t.match(bad, {
    code: 1,
    stdout: /^fault {4}configuration: PORT.*\n {9}Correct that setting\.\nfault {4}cli_missing: .*\n.*\n(.*\n)*2 faults, \d warnings?\n$/m,
  })
  seen.add('configuration')
})

/** Whether this user may mount. */
const mounts = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0

await t.test('file systems that are full or read-only', { skip: mounts ? false : 'needs to mount' }, async (t) => {
  const at = path.join(folder, 'mounted')
  mkdirSync(at)
  for (const [options, variable, id] of [
    ['size=64k', 'DATA_DIR', 'disk_full'],
    ['size=64k', 'TMPDIR', 'tmp_full'],
    ['ro', 'TMPDIR', 'tmp_unusable'],
    ['ro', 'DATA_DIR', 'data_dir_unusable'],
  ] as const) {
    const script = `mount -t tmpfs -o ${options} none "${at}" && exec "${process.execPath}" "${main}" doctor --no-ask`
    const env = { ...environment(folder, 'http://127.0.0.1:1'), PORT: '0', CLAUDE_BIN: '/nowhere', [variable]: at }
    const { stdout, status } = spawnSync('unshare', ['-m', 'sh', '-c', script], { env, encoding: 'utf8', timeout: 30_000 })
    t.equal(status, 1)
    t.match(stdout, new RegExp(`^fault +${id}: `, 'm'), stdout)
    seen.add(id)
  }
})

await t.test('each has been made, and stands in the docs', async (t) => {
  const may = new Set([
    'certificate',
    'loopback_taken',
    ...(mounts ? [] : ['disk_full', 'tmp_full', 'tmp_unusable']),
    ...('skip' in withRedis ? ['redis_loses_records', 'redis_unusable'] : []),
  ])
  t.strictSame(
    findingIds.filter((id) => !seen.has(id) && !may.has(id)),
    [],
  )
  const page = readFileSync(path.join(import.meta.dirname, '../../../docs/doctor.md'), 'utf8')
  t.strictSame(
    findingIds.filter((id) => !page.includes(`| \`${id}\` |`)),
    [],
  )
})
