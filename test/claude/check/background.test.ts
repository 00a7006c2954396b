/** When a binary is checked while the server runs, and what may be done until then. */
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type BackgroundOptions, CliCheck } from '../../../src/claude/check/background.js'
import type { CheckOptions, CheckedVerdict } from '../../../src/claude/check/check.js'
import { verdictFor } from '../../../src/claude/check/known.js'
import { type ProbeId, type Verdict, abilitiesOf, checkedAs, nothingPassed, probeIds } from '../../../src/claude/check/verdict.js'
import { baseEnvironment } from '../../../src/claude/process/environment.js'
import { liveProcessCount } from '../../../src/claude/process/process.js'
import { until } from '../../helper.js'
import { markedProcesses, temporary } from '../harness.js'
import { realCli } from '../real-cli.js'
import { program } from './stub.js'

const everything = Object.fromEntries(probeIds.map((id) => [id, true])) as Verdict['passed']
const all = { takingBack: true, newPrompt: true, warmUp: true }
const none = { takingBack: false, newPrompt: false, warmUp: false }

interface Scene {
  check: CliCheck
  file: string
  asked: CheckOptions[]
  told: (CheckedVerdict | null)[]
  quiet: { now: boolean }
}

/** `passed`: what the check says; it takes one step. */
function scene(t: Test, more: Partial<BackgroundOptions> = {}, passed: Verdict['passed'] = everything): Scene {
  const file = path.join(temporary(t), 'claude')
  writeFileSync(file, 'a binary')
  const asked: CheckOptions[] = []
  const told: Scene['told'] = []
  const quiet = { now: true }
  const check = new CliCheck({
    binary: () => ({ path: file, version: '9.9.9', problem: null }),
    ...{ credential: 'api_key', env: {}, workspaceRoot: '/nowhere', quiet: () => quiet.now },
    onVerdict: (verdict) => told.push(verdict),
    check: async (options) => {
      asked.push(options)
      await options.turn?.()
      const { version } = options
      return { version, size: 8, credential: checkedAs(options.credential), passed, seconds: 1, cpuSeconds: 1 }
    },
    ...more,
  })
  t.teardown(() => check.close())
  return { check, file, asked, told, quiet }
}

await t.test('a binary that is not known is checked once', async (t) => {
  const { check, asked, told } = scene(t)
  t.strictSame(check.abilities(), none, 'until it has passed')
  t.equal(check.verdict(), null)
  t.ok(await until(() => told.length === 1))
  t.strictSame(check.abilities(), all)
  t.equal(asked.length, 1)
  t.match(asked[0], { version: '9.9.9', credential: 'api_key', workspaceRoot: '/nowhere' })
})

const { binary, version } = await realCli()
const unknown = verdictFor(version, statSync(binary).size, 'api_key') === undefined && 'no verdict ships for this CLI'

await t.test('what is known of a binary counts for the API that it was seen with', { skip: unknown }, async (t) => {
  const real = { binary: () => ({ path: binary, version, problem: null }) }
  const { check } = scene(t, real)
  t.equal(check.verdict()?.version, version)
  const elsewhere = scene(t, { ...real, env: { CLAUDE_CODE_USE_BEDROCK: '1' } })
  t.equal(elsewhere.check.verdict(), null)
  t.strictSame(elsewhere.check.abilities(), none)
  t.equal(elsewhere.asked.length, 0, 'and it is not checked with the API of another')
})

await t.test('another size is another binary', async (t) => {
  const { check, file, asked, told } = scene(t)
  check.abilities()
  t.ok(await until(() => told.length === 1))
  writeFileSync(file, 'another binary')
  t.strictSame(check.abilities(), none)
  t.ok(await until(() => told.length === 2))
  t.equal(asked.length, 2)
  t.strictSame(check.abilities(), none, 'a verdict of other bytes does not count')
})

await t.test('it waits until nobody wants the CPU', async (t) => {
  const { check, asked, told, quiet } = scene(t)
  quiet.now = false
  check.abilities()
  await new Promise((resolve) => setTimeout(resolve, 600))
  t.equal(asked.length, 0)
  quiet.now = true
  t.ok(await until(() => told.length === 1))
})

await t.test('what has failed is not used, and not checked again', async (t) => {
  const passed = { ...everything, taking_back: 'it lies' }
  const { check, asked, told } = scene(t, {}, passed)
  check.abilities()
  t.ok(await until(() => told.length === 1))
  t.strictSame(check.abilities(), { ...all, takingBack: false })
  check.abilities()
  t.equal(asked.length, 1)
})

await t.test('a check that cannot be made is told of, and not tried again', async (t) => {
  let tries = 0
  const { check, told } = scene(t, {
    check: async () => {
      tries += 1
      throw new Error('no room')
    },
  })
  check.abilities()
  t.ok(await until(() => told.length === 1))
  t.strictSame(told, [null])
  t.strictSame(check.abilities(), none)
  t.equal(tries, 1)
})

await t.test('closing ends it', async (t) => {
  const { check, asked, told, quiet } = scene(t)
  check.abilities()
  t.ok(await until(() => asked.length === 1))
  quiet.now = false
  const other = scene(t)
  other.quiet.now = false
  other.check.abilities()
  await Promise.all([check.close(), other.check.close()])
  t.equal(asked[0]!.signal.aborted, true)
  t.equal(other.asked.length, 0)
  t.strictSame(other.told, [])
  t.ok(told.length <= 1)
  t.strictSame(other.check.abilities(), none)
  t.equal(other.asked.length, 0, 'none begins any more')
})

await t.test('closing ends the process of a real check', async (t) => {
  const workspaceRoot = temporary(t)
  const file = program(t, 'process.stdin.resume(); setInterval(() => {}, 1000)')
  const binary = () => ({ path: file, version: '9.9.9', problem: null })
  const env = baseEnvironment({ PATH: process.env['PATH'] })
  const check = new CliCheck({ binary, credential: 'api_key', env, workspaceRoot, quiet: () => true })
  t.strictSame(check.abilities(), none)
  t.ok(await until(() => liveProcessCount() === 1, 20_000), 'a process runs')
  await check.close()
  t.equal(liveProcessCount(), 0)
  t.strictSame([...markedProcesses(workspaceRoot), ...readdirSync(workspaceRoot)], [])
  t.strictSame(check.abilities(), none)
})

await t.test('no binary, no version', async (t) => {
  const noVersion = scene(t, { binary: () => ({ path: process.execPath, version: null, problem: null }) })
  t.strictSame(noVersion.check.abilities(), none)
  const gone = scene(t, { binary: () => ({ path: '/nowhere/claude', version: '9.9.9', problem: null }) })
  t.strictSame(gone.check.abilities(), none)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.equal(noVersion.asked.length + gone.asked.length, 0)
})

await t.test('the verdicts that ship', async (t) => {
  const sizes = { '2.1.329': 377_545_232, '2.1.332': 402_325_736, '2.1.197': 245_517_112 }
  for (const [version, size] of Object.entries(sizes)) {
    for (const credential of ['api_key', 'oauth_token'] as const) {
      const verdict = verdictFor(version, size, credential)
      t.match(verdict, { version, size, credential })
      t.strictSame(abilitiesOf(verdict!), version === '2.1.197' ? none : all, `${version}, ${credential}`)
    }
    t.equal(verdictFor(version, size + 1, 'api_key'), undefined, 'of other bytes nothing is known')
  }
  t.equal(verdictFor(null, sizes['2.1.329'], 'api_key'), undefined)
})

await t.test('what an ability needs', (t) => {
  const without = (id: ProbeId) => abilitiesOf({ version: '1', size: 1, credential: 'api_key', passed: { ...everything, [id]: 'no' } })
  for (const id of ['taking_back', 'history', 'max_tokens', 'extra_body', 'thinking'] as const) {
    t.strictSame(without(id), { ...all, takingBack: false }, id)
  }
  t.strictSame(without('new_prompt'), { ...all, newPrompt: false, warmUp: false })
  t.strictSame(without('warm_up'), { ...all, warmUp: false })
  t.strictSame(without('long_text'), all)
  t.strictSame(abilitiesOf({ version: '1', size: 1, credential: 'api_key', passed: nothingPassed('no') }), none)
  t.strictSame(
    ['api_key', 'auth_token', 'oauth_token', 'login'].map((kind) => checkedAs(kind as 'login')),
    [...['api_key', 'api_key', 'oauth_token', 'oauth_token']],
  )
  t.end()
})
