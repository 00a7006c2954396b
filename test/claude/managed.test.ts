/** An administrator's settings for the CLI: what they stop is told, and a result of the client's reaches the model. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { CliMessage } from '../../src/claude/protocol/messages.js'
import { TurnReader } from '../../src/claude/turn/turn.js'
import { ask, onlyParked, startBridge } from '../helper.js'
import { temporary } from '../helper-server.js'
import { contains, message, text, toolUse } from '../standin/index.js'
import { realCli } from './real-cli.js'

const { binary } = await realCli()
const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }]

/** The real CLI with settings of its own: as far as it goes for these, they work as an administrator's do. */
function cliWith(t: Test, settings: object): string {
  const file = path.join(temporary(t), 'claude')
  const more = `--settings '${JSON.stringify(settings)}'`
  writeFileSync(file, `#!/bin/sh\ncase "$*" in *--input-format*) exec '${binary}' "$@" ${more};; esac\nexec '${binary}' "$@"\n`, {
    mode: 0o755,
  })
  return file
}

await t.test('a call that the CLI answers itself is given the result of the client', async (t) => {
  const binary = cliWith(t, { permissions: { ask: ['mcp__client'] } })
  const bridge = await startBridge(t, { warm: onlyParked, env: { CLAUDE_BIN: binary, WARM_PROCESSES: '1' } })
  bridge.standin.when('M-look', message([text('I look.'), toolUse('mcp__client__look', {}, 'toolu_m')]), message('I see.'))
  const first = await bridge.post('/v1/chat/completions', ask('M-look', { tools }))
  const { choices } = (await first.json()) as { choices: { message: object; finish_reason: string }[] }
  t.equal(choices[0]!.finish_reason, 'tool_calls')
  const result = { role: 'tool', tool_call_id: 'toolu_m', content: 'It is blue' }
  const messages = [{ role: 'user', content: 'M-look' }, choices[0]!.message, result]
  const second = await bridge.post('/v1/chat/completions', { model: 'sonnet', messages, tools })
  t.equal(second.status, 200)
  const told = JSON.stringify(bridge.standin.calls.filter((call) => contains(call, 'M-look')).at(-1)!.body.messages)
  t.match(told, /It is blue/)
  t.notMatch(told, /denied/)
})

/** A notice of the CLI 2.1.329, as it writes it. */
const notice = (more: object) => ({ type: 'system', subtype: 'informational', level: 'warning', ...more }) as CliMessage
const reader = () => new TurnReader({ choice: 0, model: 'sonnet', emit: () => undefined })

await t.test('a hook that stops the message', async (t) => {
  const stopped = notice({
    ...{ content: 'UserPromptSubmit operation blocked by hook', prevent_continuation: true },
    prompt_submit_outcome: { kind: 'blocked_by_hook', prompt_kept: false, reason: 'No secrets' },
  })
  const wanted = { code: 'claude_unavailable', message: /hook in .* stops the message: No secrets\.$/ }
  t.match(reader().read(stopped), { kill: true, outcome: { failure: wanted } })
  t.equal(reader().read(notice({ prompt_submit_outcome: { kind: 'added', prompt_kept: true } })), null)
})

await t.test('a model that is not allowed', async (t) => {
  const restriction = { requested_model: 'sonnet', effective_model: 'claude-opus-5-5', at: 'start' }
  t.equal(reader().read(notice({ content: 'anything else' })), null)
  const wanted = { code: 'model_not_found', message: /'sonnet'/, param: 'model' }
  t.match(reader().read(notice({ model_restriction: restriction })), { kill: true, outcome: { failure: wanted } })
})
