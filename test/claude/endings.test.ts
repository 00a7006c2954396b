/** Every way in which a run of the real CLI ends, against the stand-in. */
import { createServer, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import * as standins from '../standin/index.js'
import type { RecordedRequest } from '../standin/index.js'
import { type Case, endingsOf, failed } from './endings.js'
import { inParallel, noneAlive, says, startRun, type EndedRun } from './harness.js'
import { realCli } from './real-cli.js'

const cli = await realCli()
const cases = endingsOf(cli.version)

async function run(t: Test, { script, request }: Case): Promise<{ got: EndedRun; calls: readonly RecordedRequest[] }> {
  const standin = await standins.startStandin()
  standin.script(...script)
  const live = startRun(t, { ...cli, host: cli.hostFor(standin), ...(request && { request }) })
  const got = await live.end()
  const calls = [...standin.calls]
  await standin.close()
  return { got, calls }
}

await t.test('an upstream that …', async (t) => {
  const ran = await inParallel(cases, 6, (wanted) => run(t, wanted))
  for (const [index, { name, expected, text, reasoning, calls }] of cases.entries()) {
    const { got, calls: made } = ran[index]!
    const [least, most] = typeof calls === 'number' ? [calls, calls] : calls
    t.match(got.outcome, expected, name)
    t.ok(got.text === (text ?? ''), `${name}: the text`, { got: got.text.slice(0, 200) })
    t.equal(got.reasoning, reasoning ?? '', `${name}: the reasoning`)
    t.ok(made.length >= least && made.length <= most, `${name}: ${made.length} calls`)
    t.strictSame(got.left, [], `${name}: nothing is left`)
    // far below the minutes for which the CLI would ask again
    t.ok(got.goneAfter < 30_000, `${name}: in time (${Math.round(got.goneAfter)} ms)`)
    t.equal(got.events.filter((event) => event.type === 'usage').length, got.outcome?.kind === 'finished' ? 1 : 0, `${name}: usage`)
    t.notMatch(JSON.stringify(got.outcome), /127\.0\.0\.1|stand-in-no-account/, `${name}: no addresses and no keys`)
  }
  noneAlive(t)

  const { events, usage: told } = ran[cases.findIndex(({ name }) => name === 'an answer')]!.got
  t.match(told, { inputTokens: 11, cacheReadTokens: 33, cacheWriteTokens: 44, outputTokens: 22 })
  const event = events.find(({ type }) => type === 'usage')
  t.match(event, { model: 'claude-answers', sessionId: /^[\da-f-]{36}$/, costUsd: Number })
})

await t.test('nobody there', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const runs: [string, string][] = [
    ['refused', `http://127.0.0.1:${port}`],
    ['no such name', 'http://nowhere.invalid'],
    ['no TLS there', `https://127.0.0.1:${port}`],
  ]
  const ran = await inParallel(runs, 3, ([, url]) => startRun(t, { ...cli, host: cli.hostFor({ url }) }).end())
  for (const [index, [name]] of runs.entries()) {
    t.match(ran[index]!.outcome, failed('upstream_unreachable'), name)
    t.strictSame(ran[index]!.left, [], name)
  }
})

await t.test('nobody logged in', async (t) => {
  const standin = await standins.startStandin()
  t.teardown(() => standin.close())
  const host = { ...cli.hostFor(standin), ANTHROPIC_API_KEY: '' }
  const got = await startRun(t, { ...cli, host, request: { turns: [says('hi')] } }).end()
  t.match(got.outcome, failed('claude_not_authenticated', { message: /setup-token/ }))
  t.equal(standin.calls.length, 0)
  t.strictSame(got.left, [])
})
