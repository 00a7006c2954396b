/** How often, after how long, with which help: the arithmetic of attempts, and what a request may ask for. */
import t from 'tap'
import { feedbackText } from '../../src/validation/feedback.js'
import type { AttemptPlan } from '../../src/request/plan.js'
import { hasTool, nextStep } from '../../src/validation/plan.js'
import { type PlanFields, mostAttempts, toPlan } from '../../src/validation/plan-of-request.js'

const ignored: string[] = []
const plan = (fields: PlanFields): AttemptPlan | null =>
  toPlan(fields, {
    pending: [],
    ignored: { add: (name) => void ignored.push(name) },
    lastUserText: 'the last question',
    originalRequest: 'the question',
    n: 1,
    toolRequest: (config) => ({ mcp: config }),
  })
const validation = [{ type: 'not_empty' }]
const of = (fields: PlanFields): AttemptPlan => plan({ validation, ...fields })!

/** What happens after each failed attempt, until nothing more does. */
function course(asked: AttemptPlan): string[] {
  const steps: string[] = []
  for (let failed = 1; failed < 200; failed++) {
    const step = nextStep(asked, failed, failed, 0.5)
    steps.push(step.kind === 'attempt' ? (step.withTool ? 'tool' : 'again') : step.kind)
    if (step.kind !== 'attempt') break
  }
  return steps
}

await t.test('the stages', async (t) => {
  const quick = { initial_delay: 0 }
  t.strictSame(course(of({})), ['again', 'again', 'fail'], 'three attempts')
  t.strictSame(course(of({ retry_config: { ...quick, max_attempts: 1 } })), ['fail'])
  const staged = { max_attempts: 5, max_attempts_before_tool_use: 2, max_attempts_before_human: 4 }
  t.strictSame(course(of({ retry_config: staged })), ['again', 'tool', 'tool', 'human'])
  t.strictSame(
    course(of({ max_attempts_before_tool_use: 2, max_attempts_before_human: 4 })),
    ['again', 'tool', 'tool', 'human'],
    'as many as they need',
  )
  t.strictSame(
    course(of({ retry_config: { max_attempts: 2 }, max_attempts_before_tool_use: 5, max_attempts_before_human: 9 })),
    ['again', 'fail'],
    'thresholds above max_attempts are never reached',
  )
  t.strictSame(course(of({ max_attempts_before_tool_use: 0 })), ['tool', 'tool', 'fail'])
  t.equal(hasTool(of({ max_attempts_before_tool_use: 0 }), 0), true, 'from the first attempt on')
  t.equal(hasTool(of({ max_attempts_before_tool_use: 1 }), 0), false, 'never before')
  t.equal(course(of({ retry_config: { ...quick, max_attempts: mostAttempts } })).length, mostAttempts)
})

await t.test('waits grow, stay below their limit, and are never negative', async (t) => {
  const waits = (asked: AttemptPlan, random: number) =>
    [1, 2, 3, 4].map((failed) => {
      const step = nextStep(asked, failed, failed, random)
      return step.kind === 'attempt' ? step.waitMs : null
    })
  const config = { max_attempts: 9, initial_delay: 1, backoff_factor: 2, max_delay: 3, jitter: 0 }
  t.strictSame(waits(of({ retry_config: config }), 0.9), [1000, 2000, 3000, 3000])
  t.strictSame(waits(of({ retry_config: { ...config, jitter: 0.5 } }), 0), [500, 1000, 1500, 1500])
  t.strictSame(waits(of({ retry_config: { ...config, jitter: 1 } }), 0), [0, 0, 0, 0])
  t.strictSame(waits(of({ retry_config: { ...config, initial_delay: 0 } }), 1), [0, 0, 0, 0])
  t.strictSame(
    waits(of({ retry_config: { ...config, initial_delay: 3600, max_delay: 3600, backoff_factor: 100 } }), 0.5),
    [3_600_000, 3_600_000, 3_600_000, 3_600_000],
  )
})

await t.test('what asks for nothing, and what is named as ignored', async (t) => {
  t.equal(plan({}), null)
  t.equal(plan({ validation: [], default_validate: false, retry_config: {} }), null)
  t.match(plan({ default_validate: true }), { checks: [{ type: 'response_not_empty' }] })
  t.match(plan({ retry_config: { max_attempts: 2 } }), { checks: [], maxAttempts: 2 }, 'calls that fail are made again')
  ignored.length = 0
  plan({ max_attempts_before_human: 2, max_attempts_before_tool_use: 1, debug_tool_name: 'x' })
  of({ debug_tool_name: 'x', debug_tool_mcp_config: { mcpServers: { a: { command: 'x' } } } })
  t.strictSame([...new Set(ignored)].sort(), [
    'debug_tool_mcp_config',
    'debug_tool_name',
    'max_attempts_before_human',
    'max_attempts_before_tool_use',
  ])
  ignored.length = 0
  plan({ debug_tool_mcp_config: { mcpServers: null } })
  of({ debug_tool_mcp_config: { mcpServers: null } })
  t.strictSame(ignored, [], 'null is nothing')
  t.match(of({ original_user_prompt: 'mine' }), { originalPrompt: 'mine' })
  t.match(of({}), { originalPrompt: 'the last question' })
})

await t.test('feedback says each error, its mend, the request, and the tool where there is one', async (t) => {
  const errors = [
    { type: 'json_string', message: 'no JSON', mend: 'write JSON' },
    { type: 'schema', message: 'must be a number', path: 'a.b' },
  ]
  const text = feedbackText({ errors, originalPrompt: 'line one\nline two', tool: 'search' })
  for (const part of [
    '1. [json_string] no JSON',
    'To mend it: write JSON',
    '2. [schema] must be a number (at a.b)',
    '> line one\n> line two',
    '`search`',
  ]) {
    t.ok(text.includes(part), part)
  }
  t.notMatch(feedbackText({ errors, originalPrompt: 'x', tool: null }), /tool/)
  t.match(feedbackText({ errors: [], originalPrompt: 'x', tool: null, human: 'Shorter.' }), /says:\n\n> Shorter\./)
})
