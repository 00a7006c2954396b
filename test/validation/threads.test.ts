/** What is compiled in threads, whose turn it is, and what is ended. */
import { setMaxListeners } from 'node:events'
import t from 'tap'
import { BridgeError } from '../../src/errors/catalogue.js'
import { Lru } from '../../src/lru.js'
import { Stopped } from '../../src/threads/threads.js'
import { openCheckThreads } from '../../src/validation/thread/check-threads.js'
import { Compiler } from '../../src/intake/compiler.js'
import type { PendingSource } from '../../src/request/pending-source.js'
import { failureOf } from './helper.js'

const pattern = (text: string): PendingSource => ({
  source: { what: 'pattern', pattern: text },
  refuse: (why) => new BridgeError('invalid_value', why),
})
const output = (schema: Record<string, unknown>): PendingSource => ({
  source: { what: 'output', schema },
  refuse: (why) => new BridgeError('invalid_json_schema', why),
})

/** Compiling it takes longer than anybody waits: every schema refers to every other. */
function endless(): Record<string, unknown> {
  const names = Array.from({ length: 2500 }, (_, index) => `d${index}`)
  const all = Object.fromEntries(names.map((name) => [name, { allOf: names.slice(0, 200).map((other) => ({ $ref: `#/$defs/${other}` })) }]))
  return { type: 'object', $defs: all, properties: Object.fromEntries(names.map((name) => [name, { $ref: `#/$defs/${name}` }])) }
}

await t.test('a schema that takes too long to compile is refused, and the next one has a thread', async (t) => {
  const threads = openCheckThreads({ checkMs: 2000, threads: 1 })
  t.teardown(() => threads.close())
  const compiler = new Compiler((source, by) => threads.run('compile', { source }, by))
  const failure = await failureOf(() => compiler.compile([output(endless())], { owner: 'one' }))
  t.match(failure, {
    code: 'invalid_json_schema',
    message: /to compile it (took longer than 2 s|needed too much memory)|call stack|nested too deeply/,
  })
  await compiler.compile([output({ type: 'object' })], { owner: 'one' })
  t.equal(await threads.run('output', { schema: { type: 'object' }, value: {} }, { owner: 'one' }), null)
  t.match(await threads.run('output', { schema: { type: 'object' }, value: 1 }, { owner: 'one' }), /must be object/)
})

await t.test('what is wrong is told each time, and looked for once', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000 })
  const compiler = new Compiler((source, by) => threads.run('compile', { source }, by))
  const compile = (source: PendingSource) => compiler.compile([source], { owner: 'one' })
  t.match(await failureOf(() => compile(pattern('('))), { code: 'invalid_value', message: /Unterminated group/ })
  await compile(pattern('a+'))
  await threads.close()
  t.match(await failureOf(() => compile(pattern('('))), { code: 'invalid_value', message: /Unterminated group/ })
  await compile(pattern('a+'))
  t.match(await failureOf(() => compile(pattern('b+'))), { code: 'server_shutdown' })
})

await t.test('combining marks and repeated items', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000 })
  t.teardown(() => threads.close())
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 10)
  const text = `a${'\u0301\u0316'.repeat(10_000)}`
  const by = { owner: 'one' }
  t.same(
    await threads.run(
      'check',
      { type: 'contains', params: { texts: [text], match: 'all', case_sensitive: true }, answer: { content: text } },
      by,
    ),
    { ok: true },
  )
  const value = { items: Array.from({ length: 1500 }, (_, id) => ({ id, of: { list: [id] } })) }
  t.equal(await threads.run('output', { schema: { type: 'object', properties: { items: { uniqueItems: true } } }, value }, by), null)
  t.equal(
    (
      await threads.run(
        'check',
        { type: 'json_string', params: { allow_fence: true }, answer: { content: `\`\`\`${' \t'.repeat(50_000)}\`` } },
        by,
      )
    ).ok,
    false,
  )
  clearInterval(timer)
  t.ok(longest < 10_000, `the event loop was held up for ${Math.round(longest)} ms`)
})

await t.test('of one owner so many checks wait, and no more', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000, threads: 1 })
  t.teardown(() => threads.close())
  const leaving = new AbortController()
  setMaxListeners(1000, leaving.signal)
  const work = { type: 'response_not_empty', params: {}, answer: { content: 'a' } }
  const asked = Array.from({ length: 502 }, () => threads.run('check', work, { owner: 'c', signal: leaving.signal }))
  const failure = await failureOf(() => asked.at(-1)!)
  t.equal(failure.code, 'queue_full')
  leaving.abort(new Error('left'))
  const left = await Promise.allSettled(asked)
  t.ok(
    left.every(({ status }) => status === 'rejected'),
    'who leaves waits no longer',
  )
  // one more than may wait: a thread that is kept refuses the last one at once, where a single check would wait for ever
  const again = Array.from({ length: 501 }, () => threads.run('check', work, { owner: 'c' }).catch((error: unknown) => error))
  t.match(await Promise.race([again.at(-1), again[0]]), { ok: true }, 'nor keeps the thread')
})

await t.test('one owner never has every thread, and who waits for one can leave', async (t) => {
  const threads = openCheckThreads({ checkMs: 60_000, threads: 2 })
  t.teardown(() => threads.close())
  const leaving = new AbortController()
  const slow = { type: 'regex', params: { pattern: '^(a+)+$' }, answer: { content: `${'a'.repeat(5000)}!` } }
  let ended = 0
  const asked = Array.from({ length: 3 }, () =>
    threads.run('check', slow, { owner: 'ann', signal: leaving.signal }).catch((error: unknown) => {
      ended += 1
      return error
    }),
  )
  const quick = { type: 'response_not_empty', params: {}, answer: { content: 'a' } }
  t.match(await threads.run('check', quick, { owner: 'bob' }), { ok: true })
  t.equal(ended, 0, 'another owner need not wait for the end of one of them')

  const waiting = new AbortController()
  const last = threads.run('check', quick, { owner: 'ann', signal: waiting.signal })
  waiting.abort(new Error('left the line'))
  const late = new Promise((resolve) => setTimeout(resolve, 5000, 'it waits'))
  t.match(await Promise.race([last.catch((error: unknown) => error), late]), { message: 'left the line' })
  leaving.abort(new Error('left'))
  t.match(
    await Promise.all(asked),
    asked.map(() => ({ message: 'left' })),
  )
})

await t.test('what is kept is bounded in entries and in bytes', (t) => {
  const lru = new Lru<number>({ entries: 3, bytes: 100 })
  for (const [index, key] of ['a', 'b', 'c'].entries()) lru.set(key, index, 10)
  t.equal(lru.get('a'), 0)
  lru.set('d', 3, 10)
  t.equal(lru.get('b'), undefined, 'the one not asked for the longest')
  t.equal(lru.get('a'), 0)
  lru.set('e', 4, 85)
  t.same([lru.get('a'), lru.get('c'), lru.get('d'), lru.get('e'), lru.size], [0, undefined, undefined, 4, 2])
  lru.set('f', 5, 101)
  t.equal(lru.get('f'), undefined, 'larger than the whole')
  lru.set('e', 6, 10)
  t.same([lru.get('e'), lru.size], [6, 2])
  t.end()
})

t.ok(new Stopped('took longer').message.startsWith('it took'))
