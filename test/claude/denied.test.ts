/** Functions that an administrator's settings keep from the model: the job says so, and does not answer without them. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ask, startBridge } from '../helper.js'
import { temporary } from '../helper-server.js'
import { message } from '../standin/index.js'
import { offersDenied, realCli } from './real-cli.js'

const cli = await realCli()
const { binary } = cli

const tools = ['look', 'a.b/c'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }))

/** The real CLI with more arguments. */
function cliWith(t: Test, more: string): string {
  const file = path.join(temporary(t), 'claude')
  const lines = `case "$*" in *--mcp-config*) exec '${binary}' "$@" ${more};; esac\nexec '${binary}' "$@"`
  writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 })
  return file
}

for (const [what, more, missing] of [
  ['all of them', '--disallowedTools mcp__client', 'look, a.b/c'],
  ['one of them', '--disallowedTools mcp__client__look', 'look'],
] as const) {
  for (const warm of ['0', '1']) {
    await t.test(`${what} denied, ${warm} processes ready`, async (t) => {
      const bridge = await startBridge(t, { env: { CLAUDE_BIN: cliWith(t, more), WARM_PROCESSES: warm } })
      bridge.standin.when('D-words', message('fine'))
      const plain = () => bridge.post('/v1/chat/completions', ask('D-words'))
      t.equal((await plain()).status, 200, 'a question without functions is answered')
      if (offersDenied(cli)) {
        t.equal((await bridge.post('/v1/chat/completions', ask('D-words', { tools }))).status, 200)
        const offered = (bridge.standin.calls.at(-1)!.body as { tools: unknown[] }).tools
        return void t.equal(offered.length, tools.length, 'this version denies nothing')
      }
      for (const stream of [false, true]) {
        const response = await bridge.post('/v1/chat/completions', ask('D-words', { tools, stream }))
        t.equal(response.status, 503)
        t.match(await response.json(), {
          error: { code: 'claude_unavailable', message: `The Claude CLI does not offer to the model: ${missing}. An administrator` },
        })
      }
      t.equal((await bridge.post('/v1/chat/completions', ask('D-words', { tools }))).status, 503)
      t.equal((await bridge.get('/health/ready')).status, 200, 'questions without functions are answered')
      t.equal((await plain()).status, 200)
    })
  }
}
