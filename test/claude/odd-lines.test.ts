/** The server outlives every line that a CLI can print, wherever in a conversation it comes: at most the line's own run fails. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { catalogue } from '../../src/errors/catalogue.js'
import { startServer, temporary } from '../helper-server.js'
import { inParallel } from './harness.js'
import { oddLines } from './odd-lines.js'

/** Where the odd line comes: before anything, before the first answer to a control request, around the pieces of an answer. */
const stages = ['start', 'control', 'prompt', 'answer', 'ending', 'after'] as const
type Stage = (typeof stages)[number]

/** A shell script, for it starts in no time: a real conversation of one turn, and the odd line that the prompt names. */
function stub(folder: string): string {
  const file = path.join(folder, 'claude')
  const event = (text: string) => `echo '${JSON.stringify({ type: 'stream_event', event: JSON.parse(text) as object })}'`
  writeFileSync(
    file,
    `#!/bin/sh
if [ "$1" = --version ]; then echo '2.1.329 (Claude Code)'; exit; fi
said=
odd() { case "$line" in *"ODD $1 "*) [ "$said" ] || { n=\${line#*"ODD $1 "}; said=1; cat "${folder}/lines/\${n%%.*}"; } ;; esac; }
if [ -e "${folder}/start" ]; then cat "${folder}/start"; fi
while IFS= read -r line; do
  case "$line" in
    *'"type":"control_request"'*)
      id=\${line#*'"request_id":"'}
      odd control
      echo '{"type":"control_response","response":{"subtype":"success","request_id":"'"\${id%%'"'*}"'"}}' ;;
    *'"type":"user"'*)
      odd prompt
      ${event('{"type":"message_start","message":{"id":"m","model":"stub","usage":{}}}')}
      ${event('{"type":"content_block_delta","delta":{"type":"text_delta","text":"hel"}}')}
      odd answer
      ${event('{"type":"content_block_delta","delta":{"type":"text_delta","text":"lo"}}')}
      odd ending
      ${event('{"type":"message_delta","delta":{"stop_reason":"end_turn"}}')}
      echo '{"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn","usage":{"output_tokens":1}}'
      odd after ;;
  esac
done
`,
    { mode: 0o755 },
  )
  return file
}

interface Answer {
  status: number
  text: string
}

async function ask(url: string, words: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'sonnet',
      messages: [
        { role: 'system', content: words },
        { role: 'user', content: words },
      ],
    }),
  })
  return { status: response.status, text: await response.text() }
}

/** What is wrong with an answer, or null: text of the model, or an error that says what happened. */
function wrong({ status, text }: Answer): string | null {
  const body = JSON.parse(text) as { error?: { code: string }; choices?: { message: { content: unknown } }[] }
  const code = body.error?.code
  if (code !== undefined) return code in catalogue && code !== 'internal_error' ? null : `${status} ${text}`
  return status === 200 && typeof body.choices?.[0]?.message.content === 'string' ? null : `${status} ${text}`
}

t.test('a server and odd lines of its CLI', async (t: Test) => {
  const folder = temporary(t)
  mkdirSync(path.join(folder, 'lines'))
  for (const [index, line] of oddLines.entries()) writeFileSync(path.join(folder, 'lines', String(index)), `${line}\n`)
  const server = await startServer(t, {
    PATH: process.env['PATH']!,
    HOME: folder,
    PORT: '0',
    DATA_DIR: path.join(folder, 'data'),
    ANTHROPIC_API_KEY: 'none',
    CLAUDE_BIN: stub(folder),
    WARM_PROCESSES: '0',
    IDLE_TIMEOUT_S: '2',
    MAX_CONCURRENT: '4',
  })
  t.ok(oddLines.length > 200, `${oddLines.length} lines`)
  const plain = async (name: string) => {
    t.equal(server.process.exitCode ?? server.process.signalCode, null, `${name}: the server lives`)
    t.match(await ask(server.url, 'hi'), { status: 200, text: /hello/ }, `${name}: the next job works`)
  }
  await plain('before')
  for (const stage of stages) {
    // each stage gets another part, of a sixth; ODD_LINES=all gives every line to every stage, which takes minutes
    const at = stages.indexOf(stage)
    const lines = process.env['ODD_LINES'] === 'all' ? oddLines : oddLines.filter((_, index) => index % stages.length === at)
    const findings = await inParallel(lines, stage === 'start' ? 1 : 4, (line) => oddly(stage, line))
    t.strictSame(
      findings.filter((finding) => finding !== null),
      [],
      `${stage}: every answer is the model's or a typed failure`,
    )
    await plain(stage)
  }
  const log = server.stdout()
  t.notMatch(log, /"level":60/, 'nothing ended the server')
  t.notMatch(log, /nothing waited for it/, 'no rejection was left to the last resort')

  async function oddly(stage: Stage, line: string): Promise<string | null> {
    const index = oddLines.indexOf(line)
    if (stage === 'start') writeFileSync(path.join(folder, 'start'), `${line}\n`)
    try {
      const finding = wrong(await ask(server.url, `ODD ${stage} ${index}.`))
      return finding === null ? null : `${line.slice(0, 200)}: ${finding}`
    } catch (error) {
      return `${line.slice(0, 200)}: ${String((error as Error).cause ?? error)}`
    } finally {
      if (stage === 'start') writeFileSync(path.join(folder, 'start'), '')
    }
  }
}).catch((error: unknown) => t.fail(String(error)))
