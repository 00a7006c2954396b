import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { circleIn, importsOf, modulesOf, violations } from './import-rules.js'

// the sources, not what was built of them: types are imported there as well
const root = path.join(import.meta.dirname, '../..')

function sources(folder: string): string[] {
  const found = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
  return found.filter((file) => file.endsWith('.ts')).map((file) => path.posix.join(folder, file.replaceAll(path.sep, '/')))
}

await t.test('nobody imports what is not for them', async (t) => {
  const files = ['src', 'routes', 'mcp', 'workspace'].flatMap(sources)
  t.ok(files.length > 60, `${files.length} files`)
  t.ok(files.includes('src/jobs/jobs.ts') && files.includes('routes/tasks/index.ts'))
  t.strictSame(
    files.flatMap((file) => violations(file, readFileSync(path.join(root, file), 'utf8'))),
    [],
  )
})

await t.test('no circle of files', async (t) => {
  const files = ['src', 'routes', 'mcp', 'workspace'].flatMap(sources)
  const bare = (file: string) => file.replace(/\.ts$/, '')
  const imports = new Map(files.map((file) => [bare(file), modulesOf(file, readFileSync(path.join(root, file), 'utf8'))]))
  t.strictSame(circleIn(imports), null)
  const ring = circleIn(
    new Map([
      ['a', ['b']],
      ['b', ['x', 'c']],
      ['c', ['b']],
    ]),
  )
  t.strictSame(ring, ['b', 'c', 'b'], 'one is found')
})

await t.test('a program that is no test does not load tap, which ends what takes longer than a test may', async (t) => {
  const compiled = path.join(root, 'dist')
  const loads = (file: string, seen = new Set<string>()): boolean => {
    if (seen.has(file)) return false
    seen.add(file)
    const given = [...readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)].map(([, specifier]) => specifier!)
    return given.some((specifier) =>
      specifier.startsWith('.') ? loads(path.resolve(path.dirname(file), specifier), seen) : specifier === 'tap',
    )
  }
  const programs = sources('test/chaos').filter((file) => !file.endsWith('.test.ts'))
  t.ok(programs.includes('test/chaos/kill-9.ts'))
  t.strictSame(
    programs.filter((file) => loads(path.join(compiled, file.replace(/\.ts$/, '.js')))),
    [],
  )
})

await t.test('a wrong import is found', async (t) => {
  const wrong: [file: string, specifier: string][] = [
    ['src/openai/x.ts', 'fastify'],
    ['src/openai/deep/x.ts', '@fastify/type-provider-zod'],
    ['mcp/x.ts', 'fastify'],
    ['workspace/x.ts', 'fastify-plugin'],
    ['src/validation/x.ts', 'fastify'],
    ['src/jobs/x.ts', 'fastify'],
    ['src/jobs/x.ts', '../claude/executor.js'],
    ['src/jobs/sqlite/x.ts', '../../claude/executor.js'],
    ['src/jobs/x.ts', '../openai/out/completion.js'],
    ['src/jobs/x.ts', '../config.js'],
    ['src/request/x.ts', '../schema/compile.js'],
    ['src/openai/x.ts', '../validation/plan.js'],
    ['src/tasks/x.ts', '../http/host.js'],
    ['src/validation/x.ts', '../openai/in/parse-chat.js'],
    ['src/limiter.ts', './jobs/seat.js'],
    ['src/errors/x.ts', '../request/plan.js'],
    ['mcp/server/x.ts', '../job/merge.js'],
    ['mcp/job/x.ts', '../../src/openai/in/mcp.js'],
    ['src/jobs/x.ts', '../http/submit.js'],
    ['src/jobs/x.ts', 'execa'],
    ['src/telemetry/traced.ts', '@opentelemetry/api'],
    ['src/openai/x.ts', '../claude/turn.js'],
    ['src/openai/x.ts', '../http/submit.js'],
    ['src/openai/x.ts', '../plugins/auth.js'],
    ['src/openai/x.ts', '../../routes/tasks/index.js'],
    ['src/openai/x.ts', 'node:fs'],
    ['src/openai/x.ts', 'node:fs/promises'],
    ['src/openai/x.ts', 'fs'],
    ['src/openai/x.ts', 'node:child_process'],
    ['src/openai/x.ts', 'node:net'],
    ['src/openai/x.ts', 'node:http'],
    ['routes/tasks/x.ts', '../../src/claude/process.js'],
    ['routes/tasks/x.ts', 'node:child_process'],
    ['routes/tasks/x.ts', 'execa'],
    ['src/plugins/x.ts', 'execa'],
    ['src/cli/x.ts', 'execa'],
    ['src/http/x.ts', '../cli/client.js'],
    ['src/jobs/x.ts', '../cli/exits.js'],
    ['src/server.ts', 'execa'],
    ['workspace/workspace.ts', 'execa'],
    ['src/http/x.ts', '../../test/standin/standin.js'],
    ['routes/x.ts', '../test/run.js'],
  ]
  for (const [file, specifier] of wrong) {
    t.equal(violations(file, `import { x } from '${specifier}'\n`).length, 1, `${specifier} in ${file}`)
  }
})

await t.test('however it is written', async (t) => {
  for (const statement of [
    `import 'fastify'`,
    `import type { x } from "fastify"`,
    `import {\n  x,\n  type y,\n} from 'fastify'`,
    `import * as x from 'fastify'`,
    `import x, { y } from 'fastify'`,
    `export * from 'fastify'`,
    `export type { x } from 'fastify'`,
    `const x = await import('fastify')`,
    `let x: import('fastify').FastifyInstance`,
    `const x = require('fastify')`,
  ]) {
    t.equal(violations('src/jobs/x.ts', statement).length, 1, statement)
  }
  t.strictSame(importsOf(`// from 'fastify'\nconst text = "import x from 'fastify'"\n`), [], 'a comment or a text is none')
})

await t.test('what is allowed', async (t) => {
  for (const [file, specifier] of [
    ['src/claude/process.ts', 'execa'],
    ['src/telemetry/otlp/traces.ts', '@opentelemetry/api'],
    ['workspace/leftovers.ts', 'execa'],
    ['src/openai/x.ts', '../jobs/job.js'],
    ['src/openai/x.ts', 'node:crypto'],
    ['src/http/x.ts', 'fastify'],
    ['src/plugins/claude.ts', '../claude/executor.js'],
    ['src/cli/x.ts', '../serve.js'],
    ['src/cli/x.ts', '../jobs/sqlite/store.js'],
    ['src/openai/in/x.ts', '../../validation/parsing.js'],
    ['src/intake/x.ts', '../limiter.js'],
    ['src/jobs/sqlite/x.ts', '../job.js'],
    ['src/claude/x.ts', '../jobs/executor.js'],
    ['routes/tasks/x.ts', '../../src/tasks/task.js'],
  ] as const) {
    t.strictSame(violations(file, `import { x } from '${specifier}'\n`), [], `${specifier} in ${file}`)
  }
})
