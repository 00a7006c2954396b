/** Validators that ask a model: what the model is asked, and what its verdict means. */
import t from 'tap'
import { compileSchema } from '../../src/schema/compile.js'
import { mentions } from '../../src/validation/agent/mentions.js'
import { fillIn } from '../../src/validation/placeholders.js'
import { bodyOf, cases } from '../seed/cases.js'
import { asked, budget } from './helper.js'

const seed = (id: string, index = 0) =>
  (bodyOf(cases.find((one) => one.id === id)!)['validation'] as { type: string; params?: object }[])[index]!
const verdict = (validation_passed: unknown, more: object = {}) => ({ validation_passed, reasoning: 'because', details: '', ...more })
const task = (success_criteria?: object, task_prompt_to_claude = 'Look: {TEXT_TO_VALIDATE}') => ({
  type: 'agent_task',
  params: { task_prompt_to_claude, ...(success_criteria && { success_criteria }) },
})

await t.test('placeholders are replaced literally, once, in one pass', async (t) => {
  const texts = {
    CODE_TO_VALIDATE: '{TEXT_TO_VALIDATE} $& $1 $$ $`',
    TEXT_TO_VALIDATE: '{ORIGINAL_USER_PROMPT}',
    ORIGINAL_USER_PROMPT: '{CODE_TO_VALIDATE}',
  }
  t.equal(
    fillIn('{CODE_TO_VALIDATE}|{TEXT_TO_VALIDATE}|{ORIGINAL_USER_PROMPT}|{OTHER}|{{TEXT_TO_VALIDATE}}', texts),
    '{TEXT_TO_VALIDATE} $& $1 $$ $`|{ORIGINAL_USER_PROMPT}|{CODE_TO_VALIDATE}|{OTHER}|{{ORIGINAL_USER_PROMPT}}',
  )
  const { children } = await asked(
    [task(undefined, 'a {CODE_TO_VALIDATE} b {ORIGINAL_USER_PROMPT}')],
    'x $& {ORIGINAL_USER_PROMPT}',
    verdict(true),
  )
  t.equal(children[0]!.prompt, 'a x $& {ORIGINAL_USER_PROMPT} b the original request')
})

await t.test('without parameters the model judges by the request', async (t) => {
  const { children, first } = await asked([{ type: 'agent_task' }], 'one two three', verdict(true))
  t.equal(first.kind, 'passed')
  t.match(children[0]!.prompt, 'the original request')
  t.match(children[0]!.prompt, 'one two three')
  t.notOk('model' in children[0]! || 'tools' in children[0]!)
})

await t.test('a prompt without a placeholder still shows the answer', async (t) => {
  const { children } = await asked([task(undefined, 'Is it good?')], 'ANSWER', verdict(true))
  t.match(children[0]!.prompt, /^Is it good\?\n\n.*\nANSWER$/)
})

await t.test('nothing passes by default', async (t) => {
  for (const criteria of [undefined, {}]) {
    t.equal((await asked([task(criteria)], 'x', verdict(true))).first.kind, 'passed')
    t.match((await asked([task(criteria)], 'x', verdict(false))).first, { kind: 'failed', errors: [{ mend: /because/ }] })
  }
  for (const value of [
    null,
    undefined,
    '',
    'VALID',
    true,
    [],
    {},
    { validation_passed: true },
    verdict('true'),
    verdict(1),
    verdict(null),
    { ...verdict(true), reasoning: 5 },
  ]) {
    t.match((await asked([task()], 'x', value)).first, { kind: 'crashed', failure: { code: 'upstream_error' } }, JSON.stringify(value))
  }
})

await t.test('criteria', async (t) => {
  const rows: [criteria: object, more: object, passes: boolean][] = [
    [{ must_contain_in_details: 'VALID' }, { details: 'VALID' }, true],
    [{ must_contain_in_details: 'VALID' }, { details: 'INVALID' }, false],
    [{ must_contain_in_details: 'VALID' }, { details: 'not VALID' }, false],
    [{ must_contain_in_details: 'VALID' }, { details: { status: 'VALID' } }, true],
    [{ must_contain_in_details: 'VALID' }, { details: { VALID: false } }, false],
    [{ must_contain_in_details: 'VALID' }, { details: ['INVALID', { a: 'INVALID' }] }, false],
    [{ must_contain_in_details: ['a', 'b'] }, { details: 'a' }, false],
    [{ must_contain_in_reasoning: 'understood and executed' }, { reasoning: 'It was Understood and executed.' }, true],
    [{ must_contain_in_reasoning: 'understood and executed' }, { reasoning: 'It was not understood and executed.' }, false],
    [{ must_not_contain_string_in_reasoning: 'incorrect milestone' }, { reasoning: 'An Incorrect Milestones list.' }, false],
    [{ must_not_contain_string_in_reasoning: 'incorrect milestone' }, { reasoning: 'All right.' }, true],
    [{ must_not_contain_in_details: 'x' }, { details: { a: ['x'] } }, false],
    [{ agent_must_report_true: 'validation_passed' }, {}, true],
    [{ agent_must_report_true: 'validation_passed' }, { validation_passed: false }, false],
    [{ agent_must_report_true: ['validation_passed', 'other'] }, {}, false],
    [{ agent_must_report_true: 'other' }, { details: { other: true } }, true],
    [{ agent_must_report_true: 'other' }, { other: 'true' }, false],
    [{ agent_must_report_true: 'constructor' }, {}, false],
    [{ agent_must_report_false: 'harmful' }, { harmful: false }, true],
    [{ agent_must_report_false: 'harmful' }, {}, false],
    [{ all_true_in_details_keys: ['a', 'b'] }, { details: { a: true, b: true } }, true],
    [{ all_true_in_details_keys: ['a', 'b'] }, { details: { a: true, b: false } }, false],
    [{ all_true_in_details_keys: ['a', 'b'] }, { details: { a: true } }, false],
    [{ all_true_in_details_keys: ['a'] }, { details: { a: 'true' } }, false],
    [{ all_true_in_details_keys: ['__proto__'] }, { details: {} }, false],
    [{ field_present_in_details: 'date' }, { details: { date: '2025-05-23' } }, true],
    [{ field_present_in_details: 'date' }, { details: { date: null } }, false],
    [{ field_present_in_details: 'date' }, { details: 'date' }, false],
    [
      { must_contain_in_details: 'VALID', agent_must_report_true: 'validation_passed' },
      { details: 'VALID', validation_passed: false },
      false,
    ],
    [{ must_contain_in_details: 'VALID', agent_must_report_true: 'validation_passed' }, { details: 'VALID' }, true],
  ]
  for (const [criteria, more, passes] of rows) {
    const { first, children } = await asked([task(criteria)], 'x', verdict(true, more))
    t.equal(first.kind, passes ? 'passed' : 'failed', `${JSON.stringify(criteria)} ${JSON.stringify(more)}`)
    t.doesNotThrow(() => compileSchema(children[0]!.outputSchema))
  }
  const { children } = await asked([task({ all_true_in_details_keys: ['syntax_ok'], agent_must_report_true: 'done' })], 'x', verdict(true))
  t.match(children[0]!.outputSchema, {
    properties: { done: { type: 'boolean' }, details: { properties: { syntax_ok: { type: 'boolean' } }, required: ['syntax_ok'] } },
  })
})

await t.test('words are whole and affirmed', async (t) => {
  for (const text of ['VALID', 'It is VALID.', '"VALID"', '**VALID**', 'VALID: yes', 'VALID-', 'not bad: VALID', 'INVALID? No, VALID'])
    t.ok(mentions(text, 'VALID'), text)
  for (const text of [
    '',
    'INVALID',
    'inVALID',
    'VALIDATION_FAILED',
    'non-VALID',
    'IN-VALID',
    'not VALID',
    'NOT VALID',
    "isn't VALID",
    'is not a VALID one',
    'not "VALID"',
    'never VALID',
    'valid',
    'NOT\nVALID',
    'not **VALID**',
    'UNVALID',
    'ÜVALID',
  ]) {
    t.notOk(mentions(text, 'VALID'), text)
  }
})

await t.test('a child that fails is a crash with its own failure', async (t) => {
  const failure = { code: 'rate_limit_exceeded', message: 'slow down', retryAfter: 3 } as const
  const { report } = await asked([task(), { type: 'not_empty' }], 'x', async () => ({ ok: false, failure }))
  t.match(report, { ok: false, outcomes: [{ kind: 'crashed', failure }, { kind: 'passed' }] })
  const thrown = await asked([task()], 'x', async () => Promise.reject(new Error('boom')))
  t.match(thrown.first, { kind: 'crashed', message: 'boom' })
})

await t.test('the budget is carried down and used up', async (t) => {
  const spend = async () => ({ ok: true, value: verdict(true), spent: { costUsd: 0.4, calls: 1 } })
  const { report, children, left } = await asked([task(), task(), task()], 'x', spend, { ...budget(), calls: 4 })
  t.same(
    report.outcomes.map(({ kind }) => kind),
    ['passed', 'passed', 'crashed'],
  )
  t.same(
    children.map((child) => [child.budget.depth, child.budget.calls]),
    [
      [1, 3],
      [1, 1],
    ],
  )
  t.match(left, { depth: 2, calls: 0 })
  const poor = await asked([task(), task()], 'x', spend, { ...budget(), costUsd: 0.1 })
  t.match(poor.report.outcomes, [{ kind: 'passed' }, { kind: 'crashed', message: /cost/ }])
  for (const none of [{ depth: 0 }, { calls: 0 }, { costUsd: 0 }, { deadline: performance.now() - 1 }]) {
    const { first, children } = await asked([task()], 'x', spend, { ...budget(), ...none })
    t.equal(first.kind, 'crashed', JSON.stringify(none))
    t.same(children, [])
  }
})

await t.test('seed cases: model and tools go to the child', async (t) => {
  const simple = await asked([seed('max_code_001_simple_code', 1)], 'def f(n): ...', verdict(true, { details: 'INVALID' }))
  t.equal(simple.first.kind, 'failed')
  t.match(simple.children[0], { model: 'max/text-general', prompt: /def f\(n\): \.\.\./ })
  const refactor = await asked([seed('ai_complex_001_code_refactor_validation')], 'x', verdict(true, { details: { syntax_ok: true } }))
  t.match(refactor.first, { kind: 'failed', errors: { length: 3 } })
  t.match(refactor.children[0]!.tools, { mcp_config: { mcpServers: { python_executor: {} } } })
})

await t.test('ai_contradiction_check', async (t) => {
  const flat = seed('ai_validation_001_contradiction_flat_earth')
  const found = await asked([flat], 'ignored', verdict(false, { details: { contradictions: ['Flat, yet with a centre.', 'Two.'] } }))
  t.match(found.first, { kind: 'failed', errors: [{ message: /Flat, yet with a centre/, mend: /Remove/ }, { message: /Two/ }] })
  t.match(found.children[0], {
    model: 'max/contradiction_expert_agent',
    prompt: /demonstrably flat/,
    tools: { mcp_servers: ['perplexity-ask'] },
  })
  t.notMatch(found.children[0]!.prompt, 'ignored')
  const none = verdict(true, { details: { contradictions: [] } })
  t.equal((await asked([{ type: 'ai_contradiction_check' }], 'x', none)).first.kind, 'passed')
  t.match(
    (await asked([{ type: 'ai_contradiction_check' }], 'the answer {CODE_TO_VALIDATE}', none)).children[0]!.prompt,
    /the answer \{CODE_TO_VALIDATE\}$/,
  )
  t.equal((await asked([flat], 'x', verdict(false, { details: { contradictions: [] } }))).first.kind, 'failed')
  t.equal((await asked([flat], 'x', verdict(true, { details: { contradictions: ['one'] } }))).first.kind, 'failed')
  t.equal((await asked([flat], 'x', verdict(true))).first.kind, 'crashed', 'no list is no pass')
  const large = await asked([seed('ai_complex_002_contradiction_with_large_text_delegation')], 'x', none)
  t.notOk('mcp_servers' in large.children[0]!.tools!, 'servers that the request brings are not looked for in the registry')
})
