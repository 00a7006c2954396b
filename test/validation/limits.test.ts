/** What hangs is ended, and the server goes on meanwhile. */
import { performance } from 'node:perf_hooks'
import t from 'tap'
import type { Check } from '../../src/request/plan.js'
import { openCheckThreads, parseValidation, runChecks } from '../../src/validation/index.js'

t.setTimeout(150_000)

const limits = { checkMs: 1000, threads: 1, memoryMb: 64 }

/** The outcome of a check, and the longest time in which the event loop did nothing else, in milliseconds. */
async function run(t: { teardown(end: () => Promise<void>): void }, list: Check[], content: string) {
  const threads = openCheckThreads(limits)
  t.teardown(() => threads.close())
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 10)
  const { outcomes } = await runChecks(list, { content }, { originalPrompt: '', threads })
  clearInterval(timer)
  return { outcomes, longest }
}

const nasty: [name: string, type: string, params: object, content: string][] = [
  ['a pattern', 'regex', { pattern: '(a+)+$' }, `${'a'.repeat(50_000)}!`],
  ['a pattern in string_check', 'string_check', { regex_matches: '^(\\w+\\s?)*$' }, `${'word '.repeat(10_000)}!`],
  ['a pattern of a schema', 'schema', { schema: { pattern: '^(a+)+$' } }, JSON.stringify(`${'a'.repeat(50_000)}!`)],
  ['a schema that doubles', 'schema', { schema: doubling(40) }, '1'],
  [
    'a schema without an end',
    'schema',
    { schema: { $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }] }, b: { anyOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' } },
    '1',
  ],
]

for (const [name, type, params, content] of nasty) {
  await t.test(name, async (t) => {
    const list = parseValidation([
      { type, params },
      { type: 'regex', params: { pattern: '!|1' } },
    ])
    const { outcomes, longest } = await run(t, list, content)
    t.match(outcomes[0], { kind: 'crashed', message: /took longer than 1 s|call stack/ })
    t.equal(outcomes[1]!.kind, 'passed', 'the next check has a thread that works')
    t.ok(longest < 10_000, `the event loop was held up for ${Math.round(longest)} ms`)
  })
}

await t.test('long and deep answers', async (t) => {
  const types = [
    { type: 'code', params: { language: 'javascript' } },
    { type: 'sql' },
    { type: 'openapi_spec' },
    { type: 'json' },
    { type: 'schema', params: { schema: {} } },
    { type: 'field_present', params: { field_name: 'a' } },
  ]
  // the third is JavaScript and YAML
  for (const content of [
    '('.repeat(50_000),
    '['.repeat(100_000),
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    'SELECT '.repeat(20_000),
    '`'.repeat(100_000),
    '\n```'.repeat(50_000),
  ]) {
    const { outcomes } = await run(t, parseValidation(types), content)
    t.equal(outcomes.length, types.length, 'all of them end')
    for (const { kind, type } of outcomes)
      if (type === 'sql' || type === 'openapi_spec' || (type === 'code' && !content.endsWith(']')))
        t.not(kind, 'passed', `${type} ${content.slice(0, 8)}`)
  }
})

await t.test('a job that ends stops its check at once', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000 })
  t.teardown(() => threads.close())
  const leaving = new AbortController()
  const list = parseValidation([{ type: 'regex', params: { pattern: '(a+)+$' } }])
  const context = { originalPrompt: '', threads, signal: leaving.signal }
  const done = runChecks(list, { content: `${'a'.repeat(50_000)}!` }, context)
  setTimeout(() => leaving.abort(new Error('left')), 300)
  await t.rejects(done, { message: 'left' })
})

await t.test('many at once wait for a thread', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000, threads: 2, idleMs: 1 })
  t.teardown(() => threads.close())
  const list = parseValidation([{ type: 'regex', params: { pattern: '^\\d+$' } }])
  const reports = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      runChecks(list, { content: `${index % 2 ? 'x' : ''}${index}` }, { originalPrompt: '', threads }),
    ),
  )
  t.same(
    reports.map(({ ok }) => ok),
    reports.map((_, index) => index % 2 === 0),
  )
})

await t.test('closing ends what is at work', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000 })
  const list = parseValidation([{ type: 'regex', params: { pattern: '(a+)+$' } }])
  const done = runChecks(list, { content: `${'a'.repeat(50_000)}!` }, { originalPrompt: '', threads })
  setTimeout(() => void threads.close(), 500)
  t.match(await done, { ok: false, outcomes: [{ kind: 'crashed' }] })
  t.match(await runChecks(list, { content: 'a' }, { originalPrompt: '', threads }), { outcomes: [{ kind: 'crashed', message: /closing/ }] })
})

function doubling(levels: number): object {
  const $defs: Record<string, object> = { d0: { type: 'number' } }
  for (let level = 1; level <= levels; level++)
    $defs[`d${level}`] = { allOf: [{ $ref: `#/$defs/d${level - 1}` }, { $ref: `#/$defs/d${level - 1}` }] }
  return { $defs, $ref: `#/$defs/d${levels}` }
}
