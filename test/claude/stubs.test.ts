/** What the real CLI cannot be made to do: small programs in its place. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { ClaudeProcess } from '../../src/claude/process/process.js'
import { inParallel, noneAlive, says, startRun, temporary, type EndedRun, type RunOptions } from './harness.js'

const prelude = `#!/usr/bin/env node
const { spawn } = require('node:child_process')
const { writeFileSync } = require('node:fs')
const say = (line) => process.stdout.write((typeof line === 'string' ? line : JSON.stringify(line)) + '\\n')
const event = (event) => say({ type: 'stream_event', event })
const delta = (text) => event({ type: 'content_block_delta', delta: { type: 'text_delta', text } })
const start = () => event({ type: 'message_start', message: { id: 'm', model: 'stub', usage: {} } })
const end = () => event({ type: 'message_delta', delta: { stop_reason: 'end_turn' } })
const usage = { output_tokens: 1 }
const result = { type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn', usage }
const answer = (text) => { start(); delta(text); end(); say(result) }
const deaf = () => process.on('SIGTERM', () => {}).on('SIGINT', () => {}).on('SIGHUP', () => {})
const forever = () => setInterval(() => {}, 1000)
const onLine = (take) => {
  let rest = ''
  process.stdin.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\\n')
    rest = lines.pop()
    for (const line of lines) take(JSON.parse(line))
  })
}
/** A child of its own that nothing but SIGKILL ends; it holds our output open. */
const grandchild = (body, more = {}) => {
  const code = "process.on('SIGTERM', () => {}).on('SIGHUP', () => {});" + body
  return spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'ignore'], ...more })
}
`

let stubs = 0

function stub(t: Test, body: string, mode = 0o755): string {
  const file = path.join(temporary(t, 'stub-'), `stub-${stubs++}.cjs`)
  writeFileSync(file, prelude + body, { mode })
  return file
}

interface Case {
  name: string
  body: string
  expected: object
  text?: string
  request?: RunOptions['request']
  /** when to abort; default never */
  abort?: 'at once' | 'when it has started' | 'at the first text'
  /** bound of the whole, in milliseconds */
  within?: number
}

const failed = (code: string, message?: RegExp) => ({ kind: 'failed', failure: { code, ...(message && { message }) } })
const finished = { kind: 'finished', reason: 'stop' }
const aborted = { kind: 'aborted' }

const cases: Case[] = [
  {
    name: 'answers as it should',
    body: `onLine(() => answer('hello')); process.stdin.on('end', () => {})`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'ignores SIGTERM and is silent',
    body: `deaf(); forever(); start(); delta('x')`,
    expected: aborted,
    abort: 'at the first text',
  },
  { name: 'is silent for ever', body: `forever()`, expected: aborted, abort: 'when it has started' },
  { name: 'is aborted before it could start', body: `forever()`, expected: aborted, abort: 'at once' },
  { name: 'answers and does not end', body: `answer('hello'); forever()`, expected: finished, text: 'hello' },
  {
    name: 'answers, does not end and ignores SIGTERM',
    body: `deaf(); answer('hello'); forever()`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'exits 0 without a result',
    body: `start(); delta('half'); end(); process.stdin.destroy()`,
    expected: failed('cli_failed', /exit code 0/),
    text: 'half',
  },
  { name: 'exits 0 without a word', body: `process.exit(0)`, expected: failed('cli_failed', /exit code 0/) },
  {
    name: 'exits 1 with words on stdout, behind half a message',
    body: `process.stdout.write('{"type": "assistant", "secret words\\nThis build has expired.\\n'); process.exit(1)`,
    expected: failed('cli_failed', /^(?!.*secret).*exit code 1\): This build has expired/s),
  },
  {
    name: 'exits 3 with words on stderr',
    body: `
      console.error('boom in /home/someone/.claude/x with sk-ant-abcdefghijkl\\n    at f (/srv/a.js:1:1)')
      process.exit(3)`,
    expected: failed('cli_failed', /exit code 3\): boom in <path> with sk-…$/),
  },
  {
    name: 'says where it works',
    body: `console.error('no ' + process.cwd()); process.exit(1)`,
    expected: failed('cli_failed', /no <workspace>\/work$/),
  },
  { name: 'is killed', body: `process.kill(process.pid, 'SIGKILL')`, expected: failed('cli_failed', /signal SIGKILL/) },
  {
    name: 'prints rubbish',
    body: `
      const rubbish = ['not json', '{"half":', 'null', '[]', '1', '"x"', '{}', '{"type":7}', '\\u0000']
      rubbish.push('{"type":"stream_event"}', '{"type":"assistant","message":{"content":"x"}}')
      for (const line of rubbish) say(line)
      process.stdout.write(Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x0a]))
      say({ type: 'control_response', response: { subtype: 'success', request_id: 'nobody asked' } })
      say({ type: 'control_response' })
      say({ type: 'control_cancel_request', request_id: 'x' })
      onLine((line) => { for (const line of rubbish) say(line); answer('hello') })`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'prints nothing but rubbish',
    body: `for (let i = 0; i < 1000; i++) say('rubbish ' + i); process.exitCode = 2; process.stdin.destroy()`,
    expected: failed('cli_failed', /exit code 2/),
  },
  {
    name: 'ends with rubbish that has no line end',
    body: `process.stdout.write('{"type":"stream_event"}'); process.stdin.destroy()`,
    expected: failed('cli_failed', /exit code 0/),
  },
  {
    name: 'writes 100 MB to stderr',
    body: `
      const chunk = Buffer.alloc(1024 * 1024, 'e')
      let left = 100
      const next = () => left-- > 0 ? process.stderr.write(chunk, next) : answer('hello')
      next()
      process.stdin.resume()`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'ends before it has read 5 MB',
    body: `process.exit(1)`,
    request: { turns: [says('x'.repeat(5_000_000))] },
    expected: failed('cli_failed', /exit code 1/),
  },
  {
    name: 'closes its input and then answers',
    body: `
      process.stdin.once('data', () => {
        process.stdin.destroy()
        setTimeout(() => { answer('hello'); process.exit(0) }, 50)
      })`,
    request: { turns: [says('x'.repeat(5_000_000))] },
    expected: finished,
    text: 'hello',
  },
  {
    name: 'exits 1 after a good result',
    body: `answer('hello'); process.exitCode = 1; process.stdin.destroy()`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'ends its result without a line end',
    body: `start(); delta('hello'); end(); process.stdout.write(JSON.stringify(result)); process.stdin.destroy()`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'answers twice',
    body: `answer('hello'); answer('again'); process.stdin.resume()`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'starts a child that ignores SIGTERM, answers and ends',
    body: `grandchild('setInterval(() => {}, 1000)').once('spawn', () => { answer('hello'); process.stdin.destroy() })`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'starts a child that ignores SIGTERM and is aborted',
    body: `
      grandchild('setInterval(() => {}, 1000)')
      setTimeout(() => { start(); delta('x') }, 100)
      forever()`,
    expected: aborted,
    abort: 'at the first text',
  },
  {
    name: 'ends, and its answer comes late',
    body: `
      const line = JSON.stringify(JSON.stringify(result))
      const late = "process.send('ready'); process.once('disconnect', () => console.log(" + line + "))"
      grandchild(late, { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] }).once('message', () => {
        start()
        delta('hello')
        end()
        process.exit(0)
      })`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'ends, and its child writes on for ever',
    body: `
      grandchild("setInterval(() => console.log('{}'), 1)").once('spawn', () => {
        answer('hello')
        process.exit(0)
      })`,
    expected: finished,
    text: 'hello',
  },
  {
    name: 'refuses a control request',
    body: `
      const refusal = { subtype: 'error', error: 'no such thing at /etc/secret/file' }
      onLine(({ request_id }) => say({ type: 'control_response', response: { ...refusal, request_id } }))
      forever()`,
    request: { system: ['be kind'] },
    expected: failed('cli_failed', /did not take the request: .*no such thing at <path>$/),
  },
  {
    name: 'does not answer a control request, and ends',
    body: `onLine(() => process.exit(0))`,
    request: { system: ['be kind'] },
    expected: failed('cli_failed', /exit code 0/),
  },
  {
    name: 'never answers a control request',
    body: `forever()`,
    request: { system: ['be kind'] },
    expected: aborted,
    abort: 'when it has started',
  },
  {
    name: 'asks its host something, and waits for the answer',
    body: `
      let asked = false
      onLine((line) => {
        if (line.type === 'control_response') return answer(line.response.subtype + ' ' + line.response.request_id)
        say({ type: 'control_request', request_id: 'q1', request: { subtype: 'hook_callback' } })
      })`,
    expected: finished,
    text: 'error q1',
  },
  {
    name: 'fails at a line of the history',
    body: `
      const refusal = { ...result, is_error: true, api_error_status: 400, result: 'not this' }
      onLine((line) => line.shouldQuery === false && say(refusal))`,
    request: { turns: [says('a'), { role: 'assistant', content: [{ type: 'text', text: 'b' }] }, says('c')] },
    expected: failed('upstream_invalid_request', /not this/),
  },
]

async function run(t: Test, { body, request, abort }: Case): Promise<EndedRun> {
  const live = startRun(t, {
    binary: stub(t, body),
    ...(request === undefined ? {} : { request }),
    onEvent: (event) => {
      if (abort === 'at the first text' && event.type === 'text') live.abort()
    },
  })
  if (abort === 'at once') live.abort()
  if (abort === 'when it has started') {
    await live.started()
    live.abort()
  }
  return live.end()
}

await t.test('a program that …', async (t) => {
  const ran = await inParallel(cases, 4, (wanted) => run(t, wanted))
  for (const [index, { name, expected, text, abort, within = 15_000 }] of cases.entries()) {
    const got = ran[index]!
    t.match(got.outcome, expected, name)
    if (abort !== 'at the first text') t.equal(got.text, text ?? '', `${name}: the text`)
    t.strictSame(got.left, [], `${name}: nothing is left`)
    t.ok(got.goneAfter < within, `${name}: in time (${Math.round(got.goneAfter)} ms)`)
    t.equal(got.events.filter((event) => event.type === 'usage').length, expected === finished ? 1 : 0, `${name}: usage`)
  }
  const hung = ran[cases.findIndex(({ name }) => name === 'answers and does not end')]!
  t.ok(hung.outcomeAfter <= hung.goneAfter, 'the answer does not wait for the end of the process')
  noneAlive(t)
})

await t.test('a program that cannot be started', async (t) => {
  const folder = temporary(t)
  const table: [string, string, RegExp][] = [
    ['not executable', stub(t, '', 0o644), /EACCES/],
    ['missing', path.join(folder, 'nowhere'), /ENOENT/],
    ['a folder', folder, /EACCES/],
    ['of an interpreter that is not there', path.join(folder, 'odd'), /ENOENT/],
  ]
  writeFileSync(path.join(folder, 'odd'), '#!/nowhere/at/all\n', { mode: 0o755 })
  for (const [name, binary, message] of table) {
    const got = await startRun(t, { binary }).end()
    t.match(got.outcome, failed('claude_unavailable', message), name)
    t.notMatch(JSON.stringify(got.outcome), folder, `${name}: no paths`)
    t.strictSame(got.left, [], name)
  }
  noneAlive(t)
})

await t.test('an argument that is too long for the system is said', async (t) => {
  const args = ['x'.repeat(200_000)]
  const exit = await new ClaudeProcess({ binary: process.execPath, args, cwd: '/', env: {} }).gone
  t.match(exit, { spawnError: 'E2BIG', code: null })
  noneAlive(t)
})

await t.test('a folder that is not there is not taken for a missing program', async (t) => {
  const root = path.join(temporary(t), 'gone')
  const executor = startRun(t, { binary: stub(t, `answer('x')`), workspaceRoot: root })
  const outcome = await executor.outcome
  t.match(outcome, failed('internal_error', /mkdtemp/))
  t.notMatch(JSON.stringify(outcome), root)
  mkdirSync(root)
  noneAlive(t)
})

await t.test('what the process is given', async (t) => {
  const out = path.join(temporary(t), 'seen.json')
  const body = `
    const { argv, env } = process
    writeFileSync(${JSON.stringify(out)}, JSON.stringify({ argv, env, cwd: process.cwd() }))
    answer('x')
    process.stdin.destroy()`
  const got = await startRun(t, {
    binary: stub(t, body),
    host: {
      PATH: process.env['PATH'],
      CLAUDE_CODE_OAUTH_TOKEN: 'tok',
      API_KEYS: 'secret',
      OPENAI_API_KEY: 'secret',
      AWS_X: 'secret',
    },
    request: { turns: [says('PROMPT-TEXT')] },
  }).end()
  t.match(got.outcome, finished)
  const text = readFileSync(out, 'utf8')
  t.notMatch(text, /secret|PROMPT-TEXT/)
  const seen = JSON.parse(text) as { cwd: string; env: Record<string, string> }
  t.match(seen, {
    cwd: /\/job-[^/]+\/work$/,
    env: { CLAUDE_CODE_OAUTH_TOKEN: 'tok', TMPDIR: /\/job-[^/]+\/tmp$/, CLAUDE_CONFIG_DIR: /\/config$/ },
  })
  t.notOk(existsSync(seen.cwd))
})

await t.test('a reader that fails does not take the process layer with it', async (t) => {
  const binary = stub(t, `process.stdout.write('{"type":"one"}'); process.stdin.destroy()`)
  const child = new ClaudeProcess({ binary, args: [], cwd: '/', env: { PATH: process.env['PATH']! } })
  const seen: string[] = []
  child.listen((message) => {
    seen.push(message.type)
    throw new Error('a mistake')
  })
  t.match(await child.gone, { spawnError: null, code: 0 })
  t.strictSame(seen, ['one'])
  noneAlive(t)
})

await t.test('lines that come before anybody listens', async (t) => {
  const child = new ClaudeProcess({
    binary: stub(t, `answer('x'); process.stdin.resume()`),
    args: [],
    cwd: '/',
    env: { PATH: process.env['PATH']! },
  })
  const first = await new Promise<string>((resolve) => setTimeout(() => child.listen(({ type }) => resolve(type)), 300))
  t.equal(first, 'stream_event')
  child.terminate()
  child.terminate()
  t.match(await child.gone, { signal: 'SIGTERM' })
  child.kill()
  child.send({ type: 'nobody is there' })
  child.endInput()
  noneAlive(t)
})
