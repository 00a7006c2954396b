/** What the image leaves out of `node_modules` is never read: a copy without it is used in full, and a server runs on it. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { dialects } from '../../src/validation/code/sql.js'
import { languageNames } from '../../src/validation/code/languages.js'
import { ask, environment } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'
import { message, startStandin } from '../standin/index.js'
import type { Loaded } from './load-parsers.js'

const root = path.join(import.meta.dirname, '../../..')
const script = path.join(root, 'deploy/prune-modules.js')
const { kept, isNeeded } = (await import(pathToFileURL(script).href)) as {
  kept: Record<keyof Loaded['read'], string[]>
  isNeeded: (file: string) => boolean
}

/** A second name for each file, or a copy where the folders are on different disks. `node_modules` below it are left out. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory() && entry.name !== 'node_modules') linkTree(source, target)
    else if (entry.isFile()) linkFile(source, target)
  }
}

function linkFile(source: string, target: string): void {
  try {
    linkSync(source, target)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK'].includes((error as NodeJS.ErrnoException).code!)) throw error
    copyFileSync(source, target)
  }
}

/** The parts of the image's `/app`, with the packages that `npm ci --omit=dev` installs. */
function installation(folder: string): string {
  for (const part of ['dist/src', 'dist/routes', 'dist/mcp', 'dist/workspace']) linkTree(path.join(root, part), path.join(folder, part))
  mkdirSync(path.join(folder, 'routes'))
  for (const file of ['routes/dashboard.html', 'package.json', '.mcp.json']) linkFile(path.join(root, file), path.join(folder, file))
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  for (const [place, { dev, devOptional }] of Object.entries(lock.packages)) {
    if (place === '' || dev || devOptional || !existsSync(path.join(root, place))) continue
    linkTree(path.join(root, place), path.join(folder, place))
  }
  return folder
}

const folder = installation(temporary(t))
const pruned = spawnSync(process.execPath, [script, path.join(folder, 'node_modules')], { encoding: 'utf8' })

function loadAll(): Loaded {
  const { stdout, stderr } = spawnSync(process.execPath, [path.join(import.meta.dirname, 'load-parsers.js'), folder], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Loaded
}

await t.test('what may go', async (t) => {
  t.equal(pruned.status, 0, pruned.stderr)
  const [, megabytes] = /files of (\d+) MB that are never read are removed/.exec(pruned.stdout) ?? []
  t.ok(Number(megabytes) > 100, pruned.stdout)
  for (const file of ['a/index.js', 'a/b.json', 'a/ts', 'a/LICENSE', 'node-sql-parser/LICENSE', 'node-sql-parser/build/mysql.js']) {
    t.ok(isNeeded(file), file)
  }
  for (const file of [
    'a/x.js.map',
    'a/x.d.ts',
    'a/x.d.mts',
    'a/src/x.ts',
    'node-sql-parser/build/athena.js',
    'node-sql-parser/umd/mysql.umd.js',
  ]) {
    t.notOk(isNeeded(file), file)
  }
  t.ok(existsSync(path.join(root, 'node_modules/node-sql-parser/build/athena.js')), 'the original is whole')
})

await t.test('every dialect, language and package works on what is left, which is what they read', async (t) => {
  const loaded = loadAll()
  t.strictSame(loaded.faults, [])
  t.strictSame(loaded.dialects, dialects)
  t.strictSame(loaded.languages, languageNames)
  for (const name of ['node-sql-parser', '@vscode/tree-sitter-wasm'] as const) {
    t.strictSame(loaded.read[name].filter((file) => file !== 'package.json').sort(), [...kept[name]].sort(), name)
  }
})

await t.test('a server runs on it', async (t) => {
  const standin = await startStandin()
  t.teardown(() => standin.close())
  standin.when('P-select', message('```sql\nSELECT 1\n```'))
  const server = await startServer(t, environment(temporary(t), standin.url), path.join(folder, 'dist/src/server.js'))
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ask('P-select', { validation: [{ type: 'sql', params: { dialect: 'mysql' } }] })),
  })
  t.equal(answer.status, 200, await answer.text())
  for (const page of ['/', '/docs/', '/docs/static/swagger-ui-bundle.js', '/openapi.json']) {
    t.equal((await fetch(server.url + page)).status, 200, page)
  }
})

await t.test('what is missing is found', async (t) => {
  for (const file of ['node-sql-parser/build/trino.js', '@vscode/tree-sitter-wasm/wasm/tree-sitter-go.wasm', 'prom-client/index.js']) {
    rmSync(path.join(folder, 'node_modules', file))
  }
  const { faults } = loadAll()
  for (const name of ['trino', 'go', 'prom-client']) {
    t.ok(
      faults.some((fault) => fault.startsWith(`${name}: `)),
      `${name}: ${faults.join('; ')}`,
    )
  }
})
