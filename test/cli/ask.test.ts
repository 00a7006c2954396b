/** `ask` against a running server: what is sent, what is printed, how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import type { Task } from '../../src/openai/out/response-schemas.js'
import { direct, gate, startBridge, until } from '../helper.js'
import { contains, cutAfter, hang, httpError, message, text } from '../standin/index.js'
import { run, runOnTerminal, start } from './helper.js'

const bridge = await startBridge(t, { direct: 10 })
const { standin } = bridge
const env = { CLAUDE_BRIDGE_URL: `${bridge.url}/v1` }
const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-cli-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

/** The newest task of all. */
const newest = async () => ((await (await bridge.get('/tasks?limit=1')).json()) as { data: Task[] }).data[0]!

await t.test('the real CLI answers; pieces are printed as they come', async (t) => {
  const { opened, open } = gate()
  standin.when('C-real', message(text(['one ', 'two']), { hold: { afterDeltas: 1, until: opened } }))
  const asked = start(t, ['ask', 'C-real', 'and', 'more', '--system', 'C-system'], { env })
  t.ok(await until(() => asked.stdout() === 'one '), 'the first piece is there before the answer has ended')
  open()
  t.strictSame(await asked.ended, { code: 0, stdout: 'one two\n', stderr: '' })
  const call = await bridge.asked('C-real and more')
  t.ok(contains(call, 'C-system'))
  t.equal((await newest()).model, 'max', 'the model of the server')
})

await t.test('what is piped in belongs to the question; alone it is the question', async (t) => {
  standin.when('C-piped', message(text(['read\n'])))
  const both = await run(t, ['ask', '-m', direct, 'Summarise'], { env, input: 'C-piped one' })
  t.strictSame(both, { code: 0, stdout: 'read\n', stderr: '' }, 'no second line feed')
  t.ok(contains(await bridge.asked('C-piped one'), 'Summarise\n\nC-piped one'))
  const alone = await run(t, ['ask', '-m', direct], { env, input: 'C-piped two' })
  t.equal(alone.stdout, 'read\n')
  t.match(await run(t, ['ask', '-m', direct], { env, input: ' \n' }), { code: 2, stdout: '', stderr: /there is no question/ })
})

await t.test('files', async (t) => {
  const note = path.join(folder, 'note.md')
  writeFileSync(note, 'C-file is in the file')
  standin.when('C-file', message(text(['seen'])))
  t.match(await run(t, ['ask', '-f', note, 'C-with'], { env }), { code: 0, stdout: 'seen\n' })
  t.ok(contains(await bridge.asked('C-with'), '<file name="note.md">'))
  const missing = await run(t, ['ask', '-f', path.join(folder, 'none.md'), 'x'], { env })
  t.match(missing, { code: 2, stderr: /^claude-bridge: the file .*none\.md cannot be read \(ENOENT\)\n$/ })
  const unknown = path.join(folder, 'blob.xyz')
  writeFileSync(unknown, Buffer.from([0, 1, 2]))
  t.match(await run(t, ['ask', '-f', unknown, 'x'], { env }), { code: 1, stderr: /^claude-bridge: .*file_data.*\n$/ }, 'the server refuses')
})

await t.test('--json: the completion in one line', async (t) => {
  standin.when('C-json', message(text(['a\nb'])))
  const { code, stdout, stderr } = await run(t, ['ask', '--json', '-m', direct, 'C-json'], { env })
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(JSON.parse(stdout), { object: 'chat.completion', choices: [{ message: { content: 'a\nb' } }], bridge: { task_id: String } })
  t.equal(stdout.split('\n').length, 2)
})

await t.test('failures are one line on standard error, each kind with its exit code', async (t) => {
  standin.when('C-late', cutAfter(1, 'error-event', 'half of it'))
  standin.when('C-auth', httpError(401))
  standin.when('C-long', message(text(['cut']), { stopReason: 'max_tokens' }))
  const auth = await run(t, ['ask', '-m', direct, 'C-auth'], { env })
  t.match(auth, { code: 4, stdout: '', stderr: /^claude-bridge: [^\n]+\n$/ })
  t.match(await run(t, ['ask', '-m', direct, 'C-late'], { env }), { code: 6, stderr: /^claude-bridge: [^\n]+\n$/ })
  const cut = await run(t, ['ask', '-m', direct, 'C-long'], { env })
  t.strictSame(cut, { code: 6, stdout: 'cut\n', stderr: 'the answer was cut: a limit was reached\n' })
  t.match(await run(t, ['ask', '-m', 'no-such', 'x'], { env }), { code: 5, stderr: /^claude-bridge: The model 'no-such' does not exist/ })
  const away = await run(t, ['ask', 'x'], { env: { CLAUDE_BRIDGE_URL: 'http://127.0.0.1:59999' } })
  t.match(away, {
    code: 3,
    stdout: '',
    stderr: /^claude-bridge: no server answers at http:\/\/127\.0\.0\.1:59999 .*check CLAUDE_BRIDGE_URL\n$/,
  })
  const usage = await run(t, ['ask', '--wrong'], { env })
  t.match(usage, { code: 2, stderr: /^claude-bridge: unknown option '--wrong'; see claude-bridge --help\n$/ })
})

await t.test('Ctrl-C cancels the job', async (t) => {
  standin.when('C-stop', hang(1))
  const asked = start(t, ['ask', '-m', direct, 'C-stop'], { env })
  t.ok(await until(() => asked.stdout() !== ''))
  asked.process.kill('SIGINT')
  t.match(await asked.ended, { code: 130, stderr: '' })
  t.match(await newest(), { status: 'cancelled', model: direct })
})

await t.test('a reader that leaves ends it without a word', async (t) => {
  const { opened, open } = gate()
  standin.when(
    'C-pipe',
    message(text(['one ', ...Array.from({ length: 50 }, (_, index) => `${index} `)]), { hold: { afterDeltas: 1, until: opened } }),
  )
  const asked = start(t, ['ask', '-m', direct, 'C-pipe'], { env })
  t.ok(await until(() => asked.stdout() === 'one '))
  asked.process.stdout!.destroy()
  open()
  t.match(await asked.ended, { code: 141, stderr: '' })
})

await t.test('on a terminal: progress is gone at the end, controls are not passed on, NO_COLOR', async (t) => {
  standin.when('C-tty', message(text(['safe\x1b[2Jtext'])))
  const shown = await runOnTerminal(t, ['ask', '-m', direct, 'C-tty'], { env })
  t.match(shown.stdout, /direct: asked/)
  t.match(shown.stdout, /\r\x1b\[Ksafe\[2Jtext\r\n/, 'the line of progress is cleared before the answer')
  const wrong = ['ask', '-m', 'no-such', 'x']
  t.match((await runOnTerminal(t, wrong, { env })).stdout, /\x1b\[31mclaude-bridge:/)
  const plain = (await runOnTerminal(t, wrong, { env: { ...env, NO_COLOR: '1' } })).stdout
  t.match(plain, /(^|K)claude-bridge: The model/m)
  t.notMatch(plain, /\[31m/)
})
