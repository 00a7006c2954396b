/** A CLI that does not do what it says fails the probes that rely on it, and no others. */
import t from 'tap'
import { type ProbeId, abilitiesOf, probeIds } from '../../../src/claude/check/verdict.js'
import { plainTextMark } from '../../../src/claude/turn/transcript.js'
import { noneAlive } from '../harness.js'
import { realCli } from '../real-cli.js'
import { checked, liar } from './stub.js'

t.setTimeout(300_000)
const cli = await realCli()
const { version } = cli
const skip = plainTextMark(version) === 'newline' && 'nothing can be taken back there anyway'

await t.test('it says that turns are taken back and sends them all the same', { skip }, async (t) => {
  const { verdict, left } = await checked(t, liar(t, cli.binary, 'rewind'), { version })
  t.strictSame(left, [])
  const failed = probeIds.filter((id) => verdict.passed[id] !== true)
  t.strictSame(failed, ['taking_back', 'warm_up'])
  t.match(verdict.passed.taking_back, /^taken back to nothing: not the body of a new process: .*messages/)
  t.match(verdict.passed.warm_up, /^after a turn beforehand: not the body of a new process: .*messages/)
  t.strictSame(abilitiesOf(verdict), { takingBack: false, newPrompt: true, warmUp: false })
})

await t.test('it changes a little of everything', { skip }, async (t) => {
  const { verdict, left } = await checked(t, liar(t, cli.binary, 'meddle'), { version, credential: 'oauth_token' })
  t.strictSame(left, [])
  const expected: Record<ProbeId, RegExp> = {
    lean: /the model was asked something else: .*what do you know/,
    prompt: /system: .*be nice/,
    plain_text: /the first question: .*chat-1!/,
    history: /messages: .*ompact now!/,
    max_tokens: /undone: 5000/,
    extra_body: /undone: \["END"\]/,
    thinking: /undone: .*disabled/,
    tools: /the result: .*!/,
    every_tool: /names: /,
    schema: /the schema: /,
    long_text: /the description: /,
    new_prompt: /the first prompt: .*be nice/,
    taking_back: /what was taken back is not what had been said/,
    warm_up: /what was taken back is not what had been said/,
  }
  for (const id of probeIds) t.match(verdict.passed[id], expected[id], id)
})

noneAlive(t)
