import t from 'tap'
import { chatProfile } from '../../src/claude/process/launch-flags.js'
import { processSettings } from '../../src/claude/turn/settings.js'
import { changes, noSettings, turnSettings } from '../../src/claude/turn/turn-settings.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'

const request = (more: Partial<ClaudeRequest> = {}): ClaudeRequest => ({
  kind: 'claude',
  model: 'claude-test',
  system: [],
  turns: [{ role: 'user', content: [{ type: 'text', text: 'PROMPT' }] }],
  ...more,
})

await t.test('settings of a request, in their order', async (t) => {
  const env = (values: Record<string, string>) => ({ subtype: 'apply_flag_settings', settings: { env: values } })
  const thinking = (tokens: number) => ({ subtype: 'set_max_thinking_tokens', max_thinking_tokens: tokens })
  const table: [Partial<ClaudeRequest>, object[]][] = [
    [{}, []],
    [{ system: ['a', 'b'] }, [{ subtype: 'initialize', systemPrompt: ['a\n\nb'] }]],
    [{ stop: ['END', '\n', ' '] }, [env({ CLAUDE_CODE_EXTRA_BODY: '{"stop_sequences":["END"]}' })]],
    [{ stop: ['\n\n'] }, []],
    [{ stop: [] }, []],
    [{ maxTokens: 1 }, [env({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '1' }), thinking(0)]],
    [{ maxTokens: 2047 }, [env({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '2047' }), thinking(0)]],
    [{ maxTokens: 2048 }, [env({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '2048' }), thinking(1024)]],
    [{ effort: 'none' }, [thinking(0)]],
    [{ effort: 'none', maxTokens: 9000 }, [env({ CLAUDE_CODE_MAX_OUTPUT_TOKENS: '9000' }), thinking(0)]],
    [{ effort: 'high' }, []],
    [
      { system: ['s'], stop: ['"'], maxTokens: 4000 },
      [
        { subtype: 'initialize', systemPrompt: ['s'] },
        env({ CLAUDE_CODE_EXTRA_BODY: '{"stop_sequences":["\\""]}', CLAUDE_CODE_MAX_OUTPUT_TOKENS: '4000' }),
        thinking(2000),
      ],
    ],
  ]
  for (const [more, expected] of table) {
    const asked = request(more)
    const got = [...processSettings(asked, 'once', false), ...changes(noSettings, turnSettings(asked, false))]
    t.strictSame(got, expected, JSON.stringify(more))
  }
})

await t.test('what the answer is for stands in its schema', async (t) => {
  const schemaOf = (output: ClaudeRequest['output']) =>
    processSettings(request({ ...(output && { output }) }), 'once', false)[0]?.['jsonSchema']
  t.match(schemaOf({ name: 'a', description: 'what for', schema: { type: 'object' } }), { title: 'a', description: 'what for' })
  t.match(schemaOf({ name: 'a', description: 'what for', schema: { type: 'object', description: 'own' } }), {
    description: 'what for\n\nown',
  })
  t.match(schemaOf({ name: 'a', description: 'own', schema: { type: 'object', description: 'own' } }), { description: 'own' })
  t.strictSame(schemaOf({ name: 'a', schema: { type: 'object', title: 'own' } }), { type: 'object', title: 'own' })
  t.strictSame(schemaOf({ name: 'json_object', schema: { type: 'object' } }), { type: 'object' })
})

await t.test('what the next turn does not have is cleared', async (t) => {
  const full = turnSettings(request({ stop: ['END'], maxTokens: 5000 }), false)
  t.strictSame(changes(full, noSettings), [
    { subtype: 'apply_flag_settings', settings: { env: { CLAUDE_CODE_EXTRA_BODY: null, CLAUDE_CODE_MAX_OUTPUT_TOKENS: null } } },
    { subtype: 'set_max_thinking_tokens', max_thinking_tokens: null },
  ])
  t.strictSame(changes(full, full), [], 'what stays is not set again')
})

await t.test('the launch profile', async (t) => {
  const profile = (more: Partial<ClaudeRequest>, kind: Parameters<typeof chatProfile>[1]) => chatProfile(request(more), kind)
  t.ok(profile({}, 'api_key').args.includes('--bare'))
  t.ok(profile({}, 'auth_token').args.includes('--bare'))
  t.notOk(profile({}, 'oauth_token').args.includes('--bare'), 'a bare CLI does not read the token')
  t.notOk(profile({}, 'login').args.includes('--bare'))
  t.ok(profile({ effort: 'max' }, 'login').args.includes('--effort=max'))
  t.ok(profile({ effort: 'none' }, 'login').args.includes('--effort=low'))
  t.notMatch(profile({}, 'login').args.join(' '), '--effort')
  for (const flag of ['--tools=', '--setting-sources=', '--strict-mcp-config', '--no-session-persistence']) {
    t.ok(profile({}, 'login').args.includes(flag), flag)
  }
  const said = profile({ system: ['SYSTEM'], stop: ['STOP'], maxTokens: 7 }, 'api_key')
  t.notMatch(said.args.join(' '), /PROMPT|SYSTEM|STOP/, 'nothing of the request but the model and the effort')
  t.equal(said.key, profile({ system: ['other'] }, 'api_key').key)
  t.not(said.key, profile({ model: 'claude-other' }, 'api_key').key)
  t.not(said.key, profile({ effort: 'low' }, 'api_key').key)
  t.not(said.key, profile({}, 'login').key)
  const hostile = '--dangerously-skip-permissions --model=x'
  t.ok(profile({ model: hostile }, 'login').args.includes(`--model=${hostile}`), 'a name cannot become a flag')
})
