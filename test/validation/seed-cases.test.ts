/** What users of the bridge's forerunner sent as `validation`: it is taken as sent, or refused for a reason that is known here. */
import t from 'tap'
import { parseValidation } from '../../src/validation/index.js'
import { bodyOf, cases as all } from '../seed/cases.js'
import { outcome, parsed, refusal } from './helper.js'

const cases = all.flatMap((one) => {
  const validation = bodyOf(one)['validation'] as { type: string; params?: unknown }[] | undefined
  return validation === undefined ? [] : [{ id: one.id, suite: one.suite, validation }]
})

/** Types that had no code behind them there either; and two cases that are in pieces, some of them names of parameters or whole items. */
const refused: Record<string, string> = {
  validation_001_chained_validators: 'validation[5].type',
  validation_002_conditional_validation: 'validation[0].type',
  security_002_xss_prevention: 'validation[0].type',
  custom_001_sentiment_validator: 'validation[0].type',
  custom_002_language_detection: 'validation[0].type',
  agent_validation_003_large_text_delegation: 'validation[0].params.context)',
  code_gen_001_staged_retry_syntax_error: 'validation[1].type',
}

await t.test('every case', async (t) => {
  t.equal(cases.length, 55)
  for (const { id, suite, validation } of cases) {
    const expected = suite === 'essential' ? undefined : refused[id]
    if (expected !== undefined) t.match(await refusal(validation), { param: expected }, id)
    else t.same(parsed(validation).length, validation.length, id)
  }
})

await t.test('members beside params are named as ignored', async (t) => {
  const { validation } = cases.find(({ id }) => id === 'agent_validation_001_contradiction_check_flat_earth')!
  const ignored = new Set<string>()
  parseValidation(validation, ignored)
  t.ok(ignored.has('validation[0].Topic') && ignored.has('validation[0].mcp_config'), [...ignored].join())
  t.notOk(ignored.has('validation[0].params'))
})

await t.test('checks of text as sent', async (t) => {
  const expected: [id: string, index: number, passes: string, fails: string][] = [
    ['max_text_001_simple_question', 1, 'A CPU runs programs.', ' '],
    ['max_json_001_structured_output', 1, '{"name":"John Doe","age":30,"city":"New York"}', '{"age":30}'],
    ['string_check_001_contains', 0, 'The sky is blue.', 'The sky is grey.'],
    ['string_check_002_not_contains', 0, 'yellow', 'blue'],
    ['string_check_003_regex_match', 0, 'john.doe@example.com\n', 'It is john.doe@example.com.'],
    ['string_check_004_max_length', 0, 'Short.', 'x'.repeat(89)],
    ['field_present_001_check_absence', 2, '{"name":"A","city":"B"}', '{"name":"A","age":3}'],
    ['conversation_001_context_preservation', 0, 'You are Alice.', 'No idea.'],
    ['security_001_prompt_injection', 0, 'I will not.', 'hacked!'],
    ['features_002_anthropic_artifacts', 0, 'Here:\n```python\ndef f(n):\n    return n\n```', 'def f(n):\n    return n'],
  ]
  for (const [id, index, passes, fails] of expected) {
    const { type, params } = cases.find((one) => one.id === id)!.validation[index]!
    t.equal((await outcome(type, params, passes)).kind, 'passed', id)
    t.equal((await outcome(type, params, fails)).kind, 'failed', id)
  }
  const corpus = cases.find(({ id }) => id === 'corpus_check_001_keyword_in_file')!.validation[0]!
  t.equal((await outcome(corpus.type, corpus.params, 'anything')).kind, 'passed')
})
