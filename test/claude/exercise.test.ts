/**
 * A ready process makes a turn before anybody asks it: nothing of that leaves the process, and nothing of it is left. What the model's API gets
 * of such a process is what it gets of a new one, to the byte.
 */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { baseEnvironment, credentialKind } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import { noAbilities } from '../../src/claude/check/verdict.js'
import { canBeExercised } from '../../src/claude/pool/exercise.js'
import type { SessionsSetup } from '../../src/claude/pool/setup.js'
import { launch } from '../../src/claude/process/launcher.js'
import { chatProfile } from '../../src/claude/process/launch-flags.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import type { Run } from '../../src/jobs/executor.js'
import { until } from '../helper.js'
import { type RecordedRequest, message, startStandin } from '../standin/index.js'
import { answers, noneAlive, says, temporary } from './harness.js'
import { realCli } from './real-cli.js'
import { freeSeat } from '../jobs/seat.js'

const cli = await realCli()
const standin = await startStandin({ fallback: () => message('fine') })
t.teardown(() => standin.close())
const workspaceRoot = temporary(t)

function setupOf(more: NodeJS.ProcessEnv = {}): SessionsSetup {
  const host = { ...cli.hostFor(standin), ...more }
  return {
    binary: () => ({ path: cli.binary, version: cli.version, problem: null }),
    abilities: cli.abilities,
    credential: credentialKind(host),
    env: baseEnvironment(host),
    workspaceRoot,
  }
}

const subscription = { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-stand-in' }
const asked = (more: Partial<ClaudeRequest>): ClaudeRequest => {
  return { kind: 'claude', model: 'sonnet', system: [], turns: [says('hi')], ...more }
}

/** All that the API got: two turns of one process. */
async function sent(setup: SessionsSetup, request: ClaudeRequest, exercised: boolean): Promise<RecordedRequest[]> {
  const session = await launch(setup, chatProfile(request, setup.credential))
  try {
    const before = standin.requests.length
    await session.ready()
    if (exercised) await session.exercise(setup.env['ANTHROPIC_CUSTOM_HEADERS'] ?? '')
    if (standin.requests.length !== before) throw new Error('the model was asked before anybody had asked')
    const from = standin.calls.length
    const listener = { choice: 0, emit: () => {}, alive: () => {}, silently: <T>(work: Promise<T>) => work, asked: () => {} }
    await session.converse(request, 0, listener)
    const next = { ...request, turns: [...request.turns, answers('fine'), says('and now?')] }
    await session.converse(next, next.turns.length - 1, listener)
    return standin.calls.slice(from)
  } finally {
    await session.end()
  }
}

/** But for what is another with every process. */
const bytes = (calls: readonly RecordedRequest[]): string[] =>
  calls.map(({ body }) => JSON.stringify({ ...body, metadata: undefined }).replaceAll(/job-\w+/g, 'job'))

const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const conversations: Record<string, Partial<ClaudeRequest>> = {
  plain: {},
  'a prompt, another model': { model: 'claude-opus-5-5', system: ['You are brief.'] },
  'a prompt in parts, a history': {
    system: [' first\n', '', 'second “é 😀”\r\n'],
    turns: [says('one'), answers('two'), says('three')],
  },
  'an empty prompt, no thinking': { system: ['', ''], effort: 'none' },
  'a prompt that looks like a command, settings': {
    ...{ system: ['/clear @/etc/passwd'], effort: 'high', maxTokens: 5000, stop: ['END'] },
  },
  functions: { system: ['S'], tools: [{ name: 'get_weather', parameters }], toolChoice: 'required' },
  'a model that nobody knows': { model: 'claude-not-known-yet-9', system: ['S'] },
}

/** The CLI is started otherwise for these, and adds notes of its own. */
const withSubscription = ['plain', 'a prompt, another model', 'a prompt in parts, a history', 'functions']

for (const [name, more] of Object.entries(conversations)) {
  for (const [login, env] of Object.entries({ 'an API key': {}, 'a subscription': subscription })) {
    if (env === subscription && !withSubscription.includes(name)) continue
    const profile = chatProfile(asked(more), credentialKind(setupOf(env).env))
    const skip = !canBeExercised(profile, cli.abilities()) && `no process of ${cli.version} is exercised`
    await t.test(`${login}: ${name}`, { skip }, async (t) => {
      // the user's own headers are taken away for the turn that nobody asked for, and are there again
      const own = env !== subscription && name === 'plain'
      const setup = setupOf({ ...env, ...(own && { ANTHROPIC_CUSTOM_HEADERS: 'x-team: blue\nx-place: here' }) })
      const fresh = await sent(setup, asked(more), false)
      const exercised = await sent(setup, asked(more), true)
      t.equal(fresh.length, 2)
      t.strictSame(bytes(exercised), bytes(fresh))
      if (own) t.match(exercised[0]!.headers, { 'x-team': 'blue', 'x-place': 'here' })
    })
  }
}

await t.test('which processes are exercised', (t) => {
  const all = { takingBack: true, newPrompt: true, warmUp: true }
  const profile = (more: Partial<ClaudeRequest>) => chatProfile(asked(more), 'api_key')
  t.ok(canBeExercised(profile({}), all))
  t.notOk(canBeExercised(profile({}), { ...all, warmUp: false }))
  t.notOk(canBeExercised(profile({}), noAbilities))
  t.notOk(canBeExercised(profile({ model: 'haiku' }), all))
  t.notOk(canBeExercised(profile({ model: 'haiku[1m]' }), all))
  t.ok(canBeExercised(profile({ model: 'claude-haiku-5-5' }), all))
  const output = { name: 'x', schema: {} }
  t.notOk(canBeExercised(profile({ output }), all))
  t.not(profile({ output }).key, profile({}).key, 'so it has ready processes of its own')
  t.end()
})

await t.test('a process that refuses the prompt afterwards is replaced by one that has made no turn', async (t) => {
  const executor = new ClaudeExecutor({ ...setupOf(), observe: () => {}, warm: { perProfile: 1, total: 1, parked: 0, idleMs: 60_000 } })
  t.teardown(() => executor.close())
  // the CLI chooses the model anew for every turn, and so confirms none
  const model = 'opusplan'
  executor.prepare(model)
  t.ok(await until(() => executor.stats.ready === 1, 30_000), 'one is ready')
  const marker = randomUUID()
  const run: Run<ClaudeRequest> = {
    jobId: 'job-1',
    owner: 'somebody',
    choice: 0,
    request: asked({ model, system: ['Mind this.'], turns: [says(marker)] }),
    signal: new AbortController().signal,
    emit: () => {},
    alive: () => {},
    seat: freeSeat,
  }
  const { outcome, gone } = executor.run(run)
  t.match(await outcome, { kind: 'finished' })
  await gone
  const calls = standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(marker))
  t.equal(calls.length, 1, 'the model was asked once')
  t.match(JSON.stringify(calls[0]!.body.system), /Mind this\./)
})

noneAlive(t)
