import t from 'tap'
import { outcome, parsed, table, threads } from './helper.js'
import { runChecks } from '../../src/validation/index.js'

await t.test('response_not_empty', (t) =>
  table(t, 'not_empty', [
    [{}, true, 'a'],
    [{}, true, '0'],
    [{}, true, '🙂'],
    [{}, false, ''],
    [{}, false, ' \n\t'],
    [{}, false, '\u200b\ufeff\u00a0'],
    [{}, false, '\0'],
  ]),
)

await t.test('json_string', (t) =>
  table(t, 'json_string', [
    [{}, true, '{"a":1}'],
    [{}, true, ' [1]\n'],
    [{}, true, '4'],
    [{}, true, '```json\n{"a":1}\n```'],
    [{}, true, '```\n[]\n```\n'],
    [{}, true, '"```"'],
    [{}, true, '{"__proto__":1}'],
    [{ allow_fence: false }, false, '```json\n{"a":1}\n```'],
    [{ allow_fence: false }, true, '{}'],
    [{}, false, ''],
    [{}, false, 'Here: {"a":1}'],
    [{}, false, '{"a":1,}'],
    [{}, false, "{'a':1}"],
    [{}, false, '{"a":1} {"b":2}'],
    [{}, false, 'Here:\n```json\n{}\n```'],
    [{}, false, '```json\n{}\n```\nDone.'],
    [{}, false, '```json\n{}\n```\n```json\n{}\n```'],
    [{}, false, '```python\n{}\n```'],
    [{}, false, '```json\n{}'],
    [{}, false, '```'],
    [{}, false, '['.repeat(200_000)],
  ]),
)

await t.test('field_present', async (t) => {
  const field = (field_name: string, present?: boolean) => ({ field_name, ...(present !== undefined && { present }) })
  const envelope = { content: 'prose', model: 'haiku', usage: { total_tokens: 3 } }
  await table(t, 'field_present', [
    [field('a'), true, '{"a":1}'],
    [field('a'), true, '{"a":null}'],
    [field('a'), true, '```json\n{"a":0}\n```'],
    [field('a.b[1].c'), true, '{"a":{"b":[0,{"c":""}]}}'],
    [field('a.b.1.c'), true, '{"a":{"b":[0,{"c":""}]}}'],
    [field('[0].x'), true, '[{"x":1}]'],
    [field('0'), true, '[1]'],
    [field('a.b'), true, '{"a.b":1}'],
    [field('a["x.y"]'), false, '{"a":{}}'],
    [field('a.b[2].c'), false, '{"a":{"b":[0,{"c":""}]}}'],
    [field('a.length'), false, '{"a":[1]}'],
    [field('a.length'), false, '{"a":"x"}'],
    [field('__proto__'), false, '{}'],
    [field('constructor'), false, '{}'],
    [field('a.constructor.name'), false, '{"a":{}}'],
    [field('__proto__'), true, '{"__proto__":1}'],
    [field('ключ.🙂'), true, '{"ключ":{"🙂":1}}'],
    [field('age', false), true, '{"name":1}'],
    [field('age', false), false, '{"age":null}'],
    // nothing passes for want of JSON
    [field('age', false), false, 'prose'],
    [field('name'), false, 'prose with name'],
    [field('a'), false, '"a"'],
    [field('content'), true, envelope],
    [field('model'), true, envelope],
    [field('usage'), true, envelope],
    [field('usage.total_tokens'), true, envelope],
    [field('usage.none'), false, envelope],
    [field('content', false), false, envelope],
    [field('content'), true, '4'],
    [field('content'), true, '"yes"'],
    [field('content'), false, ' '],
    [field('usage'), false, 'prose'],
    [field('content'), false, '{"a":1}'],
    [{ field_path: 'a' }, true, '{"a":1}'],
    [{ field: 'a' }, false, '{"b":1}'],
  ])
  const found = await outcome('field_present', { field_name: 'user.name' }, '{"user":{}}')
  t.match(found, { kind: 'failed', errors: [{ message: /'user.name' is missing/, mend: /Add the field 'user.name'/, path: 'user.name' }] })
})

await t.test('length', (t) =>
  table(t, 'length', [
    [{ max: 3 }, true, 'abc'],
    [{ max: 3 }, false, 'abcd'],
    [{ min: 1 }, false, ''],
    [{ max: 2 }, true, '🙂🙂'],
    [{ exact: 2 }, true, 'ab'],
    [{ exact: 3, unit: 'words' }, true, ' one two\nthree '],
    [{ exact: 3, unit: 'words' }, false, 'one two'],
    [{ max: 2, unit: 'lines' }, true, 'a\nb\n'],
    [{ max: 1, unit: 'lines' }, false, 'a\nb'],
    [{ min_chars: 2, max_chars: 3 }, true, 'ab'],
    [{ max: 0 }, true, ''],
  ]),
)

await t.test('contains, not_contains', async (t) => {
  await table(t, 'contains', [
    [{ text: 'blue' }, true, 'a blue sky'],
    [{ text: 'blue' }, false, 'Blue'],
    [{ text: 'blue', case_sensitive: false }, true, 'BLUE'],
    [{ texts: ['a', 'b'] }, false, 'a'],
    [{ texts: ['a', 'b'], match: 'any' }, true, 'a'],
    [{ texts: ['a', 'b'], match: 'any' }, false, 'c'],
    [{ text: 'é' }, true, 'e\u0301'],
    [{ value: '.*' }, false, 'abc'],
    [{ keywords: ['x'] }, true, 'x'],
  ])
  await table(t, 'not_contains', [
    [{ text: 'blue' }, true, 'green'],
    [{ text: 'blue' }, false, 'blue'],
    [{ texts: ['a', 'b'] }, false, 'b'],
    [{ forbidden_phrases: 'x' }, true, 'y'],
  ])
})

await t.test('regex', (t) =>
  table(t, 'regex', [
    [{ pattern: '\\d+' }, true, 'a 12'],
    [{ pattern: '^\\d+$' }, false, 'a 12'],
    [{ pattern: '^a$' }, true, 'a\n'],
    [{ pattern: 'A', flags: 'i' }, true, 'a'],
    [{ pattern: '(?i)A' }, true, 'a'],
    [{ pattern: '(?P<y>\\d{4})-(?P=y)' }, true, '2024-2024'],
    [{ pattern: '(?P<y>\\d{4})-(?P=y)' }, false, '2024-2025'],
    [{ pattern: '\\Aab\\Z' }, true, 'ab'],
    [{ pattern: '\\Ab' }, false, 'ab'],
    [{ pattern: '\\\\A' }, true, 'x\\A'],
    [{ pattern: '(?=.*\\d)(?=.*[a-z]).{4}' }, true, 'ab12'],
    [{ pattern: 'a|b', full_match: true }, false, 'ab'],
    [{ pattern: 'a|b', full_match: true }, true, 'b'],
    [{ pattern: 'x', should_match: false }, true, 'y'],
    [{ pattern: 'x', should_match: false }, false, 'x'],
    [{ pattern: '^.$' }, true, '🙂'],
    [{ pattern: '\\@\\-' }, true, '@-'],
    [{ pattern: '\\p{Lu}' }, true, 'É'],
    [{ pattern: '[(?P<]' }, true, '?'],
  ]),
)

await t.test('all checks run and all errors are collected', async (t) => {
  const checks = parsed([
    { type: 'json' },
    { type: 'contains', params: { texts: ['a', 'b'] } },
    { type: 'not_empty' },
    { type: 'agent_task' },
    { type: 'regex', params: { pattern: 'q' } },
  ])
  const { ok, outcomes } = await runChecks(checks, { content: 'x' }, { originalPrompt: '', threads })
  t.equal(ok, false)
  t.same(
    outcomes.map(({ kind }) => kind),
    ['failed', 'failed', 'passed', 'crashed', 'failed'],
  )
  t.same(
    outcomes.map(({ type }) => type),
    ['json', 'contains', 'not_empty', 'agent_task', 'regex'],
  )
  t.match(outcomes[1], { errors: [{ message: /'a'/, mend: /'a'/ }, { message: /'b'/ }] })
  t.equal((await runChecks([], { content: '' }, { originalPrompt: '', threads })).ok, true)
  const stranger = await runChecks([{ type: 'from_the_future', params: {} }], { content: '' }, { originalPrompt: '', threads })
  t.match(stranger, { ok: false, outcomes: [{ kind: 'crashed' }] })
})
