/** What a CLI says about a turn that it has taken back is believed only where all of it is right. */
import t from 'tap'
import { Bench } from '../../../src/claude/check/bench.js'
import { Budget, defaultLimits } from '../../../src/claude/check/budget.js'
import { Dialogue } from '../../../src/claude/check/dialogue.js'
import { Recorder } from '../../../src/claude/check/recorder.js'
import { baseEnvironment } from '../../../src/claude/process/environment.js'
import { noneAlive, temporary } from '../harness.js'
import { program } from './stub.js'

// the turn's name is the answer that the program gives; `same` stands for that name
const binary = program(
  t,
  `import { createInterface } from 'node:readline'
createInterface({ input: process.stdin }).on('line', (line) => {
  const { request_id, request } = JSON.parse(line)
  const target = request.target_message_uuid
  const response = JSON.parse(target)
  if (response.targetMessageUuid === 'same') response.targetMessageUuid = target
  console.log(JSON.stringify({ type: 'control_response', response: { subtype: 'success', request_id, response } }))
})`,
)
const budget = new Budget(defaultLimits, new AbortController().signal, async () => {})
t.teardown(() => budget.close())
const setup = {
  binary: () => ({ path: binary, version: '2.1.329', problem: null }),
  ...{ credential: 'api_key' as const, env: baseEnvironment({ PATH: process.env['PATH'] }), workspaceRoot: temporary(t) },
}
const bench = new Bench(setup, '2.1.329', new Recorder(), budget, { text: 'x', file: 'x' })
const right = { rewound: true, targetMessageUuid: 'same', prefillText: 'hi', precedingAssistantUuid: 'a1' }

await t.test('every member of the answer counts', async (t) =>
  Dialogue.with(bench, { model: 'sonnet' }, async (dialogue) => {
    const takeBack = (more: object, text: string | undefined, leaves: string | null | undefined) =>
      dialogue.takeBack(JSON.stringify({ ...right, ...more }), text, leaves)
    await t.resolves(takeBack({}, 'hi', 'a1'))
    await t.resolves(takeBack({}, undefined, undefined), 'what is not foreseen')
    await t.resolves(takeBack({ precedingAssistantUuid: null }, 'hi', null))
    const rejected = (more: object, leaves: string | null, message: string) => t.rejects(takeBack(more, 'hi', leaves), { message })
    await rejected({ rewound: false, reason: 'stale_target' }, 'a1', 'a turn could not be taken back: stale_target')
    await rejected({ rewound: 'yes' }, 'a1', 'a turn could not be taken back: no reason')
    await rejected({ targetMessageUuid: 'other' }, 'a1', 'another turn was taken back than the one that was meant')
    await rejected({ prefillText: 'ho' }, 'a1', 'what was taken back is not what had been said')
    await rejected({ precedingAssistantUuid: 'a2' }, 'a1', 'the answer before it is a2, not a1')
    await rejected({ precedingAssistantUuid: 'a1' }, null, 'the conversation is not where it should be')
    await rejected({ precedingAssistantUuid: null }, 'a1', 'the conversation is not where it should be')
    await rejected({ precedingAssistantUuid: undefined }, 'a1', 'the conversation is not where it should be')
  }),
)

noneAlive(t)
