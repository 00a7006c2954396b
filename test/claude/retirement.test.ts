import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Life, retirementLimits } from '../../src/claude/pool/retirement.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import { longestResult } from '../../mcp/job/whole-tool.js'
import { until } from '../helper.js'
import { says } from './harness.js'

const request: ClaudeRequest = { kind: 'claude', model: 'm', system: [], turns: [says('hi')] }

await t.test('after so many questions', (t) => {
  const life = new Life('origin', { ...retirementLimits, questions: 2 })
  life.answered(request, 'task_1')
  t.ok(life.isFit('origin'))
  life.answered(request, 'task_2')
  t.notOk(life.isFit('origin'))
  t.end()
})

await t.test('another program or credential', (t) => {
  const life = new Life('origin')
  t.ok(life.isFit('origin'))
  t.notOk(life.isFit('another'))
  t.end()
})

await t.test('too old', async (t) => {
  const life = new Life('origin', { ...retirementLimits, ageMs: 20 })
  t.ok(life.isFit('origin'))
  await sleep(40)
  t.notOk(life.isFit('origin'))
})

await t.test('too large, looked at after fifty questions', { skip: process.platform !== 'linux' && 'reads /proc' }, async (t) => {
  const life = new Life('origin', { ...retirementLimits, bytes: 1 })
  life.pid = process.pid
  for (let index = 0; index < 49; index++) life.answered(request, 'task_1')
  await sleep(50)
  t.ok(life.isFit('origin'), 'not looked at yet')
  life.answered(request, 'task_1')
  t.ok(await until(() => !life.isFit('origin')))
  const small = new Life('origin', { ...retirementLimits, bytes: Number.MAX_SAFE_INTEGER })
  small.pid = process.pid
  for (let index = 0; index < 50; index++) small.answered(request, 'task_1')
  await sleep(50)
  t.ok(small.isFit('origin'))
})

await t.test('the day is over', (t) => {
  const real = Date
  const life = new Life('origin')
  try {
    const tomorrow = Date.now() + 24 * 3600_000
    globalThis.Date = class extends real {
      constructor() {
        super(tomorrow)
      }
    } as DateConstructor
    t.notOk(life.isFit('origin'))
  } finally {
    globalThis.Date = real
  }
  t.ok(life.isFit('origin'))
  t.end()
})

await t.test('a result that the CLI keeps in a file', (t) => {
  const withResult = (length: number): ClaudeRequest => ({
    ...request,
    turns: [{ role: 'user', content: [{ type: 'tool_result', toolCallId: 'c', content: [{ type: 'text', text: 'x'.repeat(length) }] }] }],
  })
  const life = new Life('origin')
  life.answered(withResult(longestResult), 'task_1')
  t.ok(life.isFit('origin'))
  life.answered(withResult(longestResult + 1), 'task_2')
  t.notOk(life.isFit('origin'))
  t.end()
})

await t.test('a task that is forgotten', (t) => {
  const life = new Life('origin')
  life.answered(request, 'task_1')
  t.ok(life.tasks.has('task_1'))
  life.retire()
  t.notOk(life.isFit('origin'))
  t.end()
})
