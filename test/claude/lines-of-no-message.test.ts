/** What a CLI prints that is none of its messages: counted, and told once for each process and kind, without words of a conversation. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { type OddLine, oddLineCounts } from '../../src/claude/process/odd-lines.js'
import { ClaudeProcess } from '../../src/claude/process/process.js'
import { until } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'

/** Prints the lines, and what it has told of them. */
async function told(lines: readonly string[], before: (child: ClaudeProcess) => void = () => {}): Promise<OddLine[]> {
  const program = `process.stdout.write(${JSON.stringify(lines.map((line) => `${line}\n`).join(''))})`
  const odd: OddLine[] = []
  const child = new ClaudeProcess({
    ...{ binary: process.execPath, args: ['-e', program], cwd: '/', env: {} },
    onOddLine: (line) => void odd.push(line),
  })
  before(child)
  child.listen(() => {})
  await child.gone
  return odd
}

const message = '{"type":"system","subtype":"init"}'

await t.test('each kind once, and all are counted', async (t) => {
  const before = { ...oddLineCounts() }
  const odd = await told([
    message,
    'Update available for /home/someone/bin/claude',
    'a second line',
    '',
    '{"type":"assistant","half',
    '[1',
    '{"no":"type"}',
    'null',
    '7',
    '{"type":"news"}',
    '{"type":"more_news"}',
    '{"type":"words of someone"}',
    '{"type":7}',
    message,
  ])
  t.strictSame(odd, [
    { kind: 'text', length: 45, text: 'Update available for <path>' },
    { kind: 'broken_json', length: 25 },
    { kind: 'untyped', length: 13 },
    { kind: 'unknown_type', length: 15, type: 'news' },
  ])
  const after = oddLineCounts()
  const grown = Object.fromEntries(Object.entries(after).map(([kind, count]) => [kind, count - before[kind as OddLine['kind']]]))
  t.strictSame(grown, { text: 2, broken_json: 2, untyped: 3, unknown_type: 4 })
})

await t.test('a type that is no name is not shown', async (t) => {
  t.strictSame(await told(['{"type":"words of a conversation"}']), [{ kind: 'unknown_type', length: 34 }])
})

await t.test('a long line is shown in part, and no key', async (t) => {
  const [odd] = await told([`sk-ant-secretsecret ${'x'.repeat(100_000)}`])
  t.equal(odd?.length, 100_020)
  t.ok(odd!.text!.length <= 200)
  t.notMatch(odd!.text, /secret/)
})

await t.test('words of a conversation are not shown', async (t) => {
  const odd = await told(['You said: my secret'], (child) => child.startConversation())
  t.strictSame(odd, [{ kind: 'text', length: 19 }])
})

await t.test("in a server's log and metrics", { skip: process.platform === 'win32' }, async (t) => {
  const folder = temporary(t)
  const file = path.join(folder, 'claude')
  writeFileSync(
    file,
    `#!/bin/sh
if [ "$1" = --version ]; then echo '2.1.329 (Claude Code)'; exit; fi
while IFS= read -r line; do
  case "$line" in *'"type":"user"'*) echo "debug: $line"; echo "again: $line"; echo '{"type":"brand_new"}'
    echo '{"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn","usage":{"output_tokens":1}}'; continue ;; esac
  id=\${line#*'"request_id":"'}
  echo '{"type":"control_response","response":{"subtype":"success","request_id":"'"\${id%%'"'*}"'"}}'
done
`,
    { mode: 0o755 },
  )
  const server = await startServer(t, {
    ...{ PATH: process.env['PATH']!, HOME: folder, PORT: '0', DATA_DIR: path.join(folder, 'data'), ANTHROPIC_API_KEY: 'none' },
    ...{ CLAUDE_BIN: file, WARM_PROCESSES: '0', START_PROBE: '0' },
  })
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: 'hush-hush' }] }),
  })
  t.equal(response.status, 200)
  const lines = () => server.stdout().match(/.*none of its messages.*/g) ?? []
  t.ok(await until(() => lines().length === 2))
  t.match(lines()[0], /"level":40.*"kind":"text","length":\d+,"pid":\d+/)
  t.match(lines()[1], /"kind":"unknown_type","length":20,"type":"brand_new"/)
  t.notMatch(server.stdout(), /hush-hush/)
  t.match(await (await fetch(`${server.url}/metrics`)).text(), /^bridge_cli_odd_lines_total\{kind="text"\} [1-9]/m)
})
