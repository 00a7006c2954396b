/** Bad `validation` is a 400 that says where and names what is known. */
import t from 'tap'
import { catalogue } from '../../src/errors/catalogue.js'
import { knownTypes, parseValidation } from '../../src/validation/index.js'
import { failureOf, parsed, refusal } from './helper.js'

await t.test('nothing', async (t) => {
  for (const list of [undefined, null, []]) t.same(parseValidation(list), [])
})

await t.test('not a list of checks', async (t) => {
  for (const list of ['x', 1, true, {}, [null], ['json'], [1], [[]], [{}], [{ type: null }], [{ type: 1 }], [{ type: ['json'] }]]) {
    t.equal(catalogue[(await refusal(list)).code].status, 400, JSON.stringify(list))
  }
  t.match(await refusal(Array.from({ length: 101 }, () => ({ type: 'json' }))), { param: 'validation' })
})

await t.test('an unknown type names the known ones', async (t) => {
  for (const type of ['no_such', '', '__proto__', 'constructor', 'toString', 'JSON', 'x'.repeat(100_000)]) {
    const failure = await refusal([{ type: 'json' }, { type }])
    t.equal(failure.param, 'validation[1].type')
    t.ok(failure.message.length < 1000, 'no message grows with what was sent')
    for (const known of knownTypes) t.match(failure.message, `'${known}'`)
  }
})

await t.test('a bad parameter', async (t) => {
  const cases: [check: object, param: string, message: RegExp][] = [
    [{ type: 'regex', params: { pattern: '(' } }, 'pattern', /not a regular expression.*'pattern', 'flags'/],
    [{ type: 'regex', params: { regex: '(' } }, 'regex', /not a regular expression/],
    [{ type: 'regex', params: { pattern: '(?x)a' } }, 'pattern', /flag 'x' is not supported/],
    [{ type: 'regex', params: { pattern: 'a'.repeat(10_001) } }, 'pattern', /at most 10000 characters/],
    [{ type: 'regex', params: { pattern: 'a', flags: 'q' } }, 'flags', /only 'i'/],
    [{ type: 'regex', params: { patern: 'a' } }, 'patern', /takes 'pattern'/],
    [{ type: 'regex', params: {} }, 'pattern', /Missing/],
    [{ type: 'regex', params: { pattern: 'a', regex: 'b' } }, 'regex', /another name/],
    [{ type: 'length', params: { max: '5' } }, 'max', /expected a/],
    [{ type: 'length', params: { max: -1 } }, 'max', /at least 0/],
    [{ type: 'contains', params: { text: '' } }, 'text', /must not be empty/],
    [{ type: 'contains', params: { text: [] } }, 'text', /must not be empty/],
    [{ type: 'field_present', params: { field_name: 5 } }, 'field_name', /expected a string/],
    [{ type: 'field_present', params: { field_name: 'a', present: 'no' } }, 'present', /expected a boolean/],
    [{ type: 'code', params: { language: 'klingon' } }, 'language', /'python'/],
    [{ type: 'sql', params: { dialect: 'klingon' } }, 'dialect', /'postgresql'/],
    [{ type: 'openapi_spec', params: { version: '9' } }, 'version', /'3.1'/],
    [{ type: 'schema', params: { schema: { type: 'nonsense' } } }, 'schema', /no JSON Schema/],
    [{ type: 'schema', params: { schema: [] } }, 'schema', /expected an object/],
    [{ type: 'schema', params: { schema: { $async: true } } }, 'schema', /\$async/],
    [{ type: 'schema', params: { schema: { $ref: 'http://127.0.0.1:9/x.json' } } }, 'schema', /nothing is fetched/],
    [{ type: 'schema', params: { schema: { properties: { a: { $ref: 'file:///etc/passwd' } } } } }, 'schema', /nothing is fetched/],
    [{ type: 'schema', params: { schema: { $ref: '#/$defs/none' } } }, 'schema', /resolve/],
    [{ type: 'schema', params: { schema: { pattern: '(' } } }, 'schema', /no JSON Schema/],
    [{ type: 'schema', params: { schema: { description: 'x'.repeat(70_000) } } }, 'schema', /more than 65536/],
    [
      { type: 'agent_task', params: { success_criteria: { must_contain: 'x' } } },
      'success_criteria.must_contain',
      /'must_contain_in_details'/,
    ],
    [{ type: 'agent_task', params: { sucess_criteria: {} } }, 'sucess_criteria', /'success_criteria'/],
    [{ type: 'agent_task', params: { task_prompt_to_claude: ' ' } }, 'task_prompt_to_claude', /must not be empty/],
    [{ type: 'json', params: JSON.parse('{"__proto__": {"x": 1}}') as object }, '__proto__', /'allow_fence'/],
  ]
  for (const [check, name, message] of cases) {
    const failure = await refusal([{ type: 'json' }, check])
    t.equal(failure.param, `validation[1].params.${name}`, JSON.stringify(check).slice(0, 100))
    t.equal(catalogue[failure.code].status, 400)
    t.match(failure.message, message)
    t.ok(failure.message.length < 1000)
  }
  for (const params of [{}, { unit: 'words' }, { min: 3, max: 2 }])
    t.match(await refusal([{ type: 'length', params }]), { param: 'validation[0].params', message: /'min'/ })
  t.match(await refusal([{ type: 'json', params: [] }]), { param: 'validation[0].params' })
  t.match(await refusal([{ type: 'contains', text: 'x' }]), { param: 'validation[0].text', message: /belong into/ })
})

await t.test('a schema nested too deep for the stack', async (t) => {
  const depth = 10_000
  const list = JSON.parse(`[{"type":"schema","params":{"schema":${'{"not":'.repeat(depth)}{}${'}'.repeat(depth)}}}]`) as unknown
  t.match(await failureOf(() => parseValidation(list)), { param: 'validation[0].params.schema', message: /nested too deep/ })
})

await t.test('many large schemas', async (t) => {
  const check = { type: 'schema', params: { schema: { description: 'x'.repeat(60_000) } } }
  t.equal(parsed([check, check]).length, 2)
  t.match(await refusal([check, check, check]), { param: 'validation[2].params', message: /together/ })
})

await t.test('what is stored', async (t) => {
  t.same(parsed([{ type: 'not_empty', params: null }]), [{ type: 'response_not_empty', alias: 'not_empty', params: {} }])
  t.same(parsed([{ type: 'contains', params: { substring: 'a', match: null } }]), [
    { type: 'contains', params: { texts: ['a'], match: 'all', case_sensitive: true } },
  ])
  t.equal(({} as { x?: unknown }).x, undefined, 'no prototype was changed')
})
