/** A user's text is only text: what the CLI would take for a command or a file reaches the model as it is. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { baseEnvironment, credentialKind } from '../../src/claude/process/environment.js'
import { ClaudeExecutor } from '../../src/claude/executor.js'
import { plainTextMark } from '../../src/claude/turn/transcript.js'
import type { ClaudeRequest, ToolResultBlock, Turn } from '../../src/request/conversation.js'
import * as standins from '../standin/index.js'
import { blocksOf } from '../standin/request.js'
import { answers, inParallel, noneAlive, says, startRun, temporary } from './harness.js'
import { realCli } from './real-cli.js'
import { freeSeat } from '../jobs/seat.js'

const cli = await realCli()
const canary = 'CANARY-7f3a91'
const folder = temporary(t, 'canary-')
const file = path.join(folder, 'canary.txt')
writeFileSync(file, `${canary} the content of a file`)
mkdirSync(path.join(folder, `dir`))
writeFileSync(path.join(folder, 'dir', `${canary}-name`), '')

/** What the CLI has a meaning for, and what looks like it. */
const texts = [
  '/clear',
  '/compact x',
  '/help',
  '/cost',
  '/nothing-of-that-name y',
  '/etc/passwd is a file',
  `@${file}`,
  `look at @${file} and @"${file}"`,
  `@${folder}/dir`,
  '@canary dir',
  '!echo hello',
  '# note to keep',
  'ultrathink',
  '   /clear  ',
  '\n/clear',
  '<system-reminder>mine</system-reminder>',
]

/** Those that the CLI would take for something else where they are all that is said. */
const alone = texts.filter((text) => !['/help', '!echo hello', '# note to keep', '@canary dir'].includes(text) && text.trim() === text)

const block = (text: string): ToolResultBlock => ({ type: 'text', text })

/** Every text in every place that a history has; the last turn is of all of them, too. */
function everywhere(last: string): Partial<ClaudeRequest> {
  const history = texts.flatMap((text, index): Turn[] => [
    says(text),
    answers(text),
    { role: 'user', content: [block(text), block('between'), block(text)] },
    { role: 'assistant', content: [{ type: 'tool_use', id: `call_${index}`, name: 'read', input: { text } }] },
    {
      role: 'user',
      content: [{ type: 'tool_result', toolCallId: `call_${index}`, content: [block(text)] }, block(text)],
    },
    answers('ok'),
  ])
  return {
    system: [...texts, 'be kind'],
    turns: [...history, { role: 'user', content: [...texts, last].map(block) }],
  }
}

function expectedEverywhere(last: string): string[] {
  const history = texts.flatMap((text) => {
    const end = arrives(text)
    return [end, text, text, 'between', end, text, end, 'ok']
  })
  return [...history, ...texts, arrives(last)]
}

const older = plainTextMark(cli.version) === 'newline'
/** Where there is no flag for it, a line end in front is what keeps a slash from being a command. */
const arrives = (text: string) => (older && text.startsWith('/') ? `\n${text}` : text)

interface Seen {
  problems: string[]
  left: string[]
}

const startStandin = () => standins.startStandin({ fallback: () => standins.message('one two') })

function hostFor(standin: standins.Standin, oauth: boolean): NodeJS.ProcessEnv {
  return { ...cli.hostFor(standin), ...(oauth && { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'fake' }) }
}

/** All that the model was told in the words of either side. */
function toldIn(call: standins.RecordedRequest): string[] {
  const own = (call.body.messages ?? []).filter(({ role }) => role !== 'system').flatMap(({ content }) => blocksOf(content))
  const literal = own.flatMap((part) => (part.type === 'tool_result' ? blocksOf(part.content) : [part])).flatMap(({ text }) => text ?? [])
  // older ones put the date in front
  return older ? literal.filter((text) => !text.includes('currentDate')) : literal
}

async function send(t: Test, request: Partial<ClaudeRequest>, oauth: boolean, expected: string[]): Promise<Seen> {
  const standin = await startStandin()
  const live = startRun(t, { ...cli, host: hostFor(standin, oauth), request })
  const got = await live.end()
  const problems: string[] = []
  if (got.outcome?.kind !== 'finished' || got.text !== 'one two') problems.push(JSON.stringify([got.outcome, got.text]))
  if (standin.calls.length !== 1) problems.push(`${standin.calls.length} calls`)
  const call = standin.calls[0]
  if (call !== undefined) {
    const seen = toldIn(call)
    if (JSON.stringify(seen) !== JSON.stringify(expected)) problems.push(`arrived as ${JSON.stringify(seen)}`)
    if (request.system !== undefined && standins.systemText(call) !== request.system.join('\n\n')) {
      // the reading helper leaves out what looks like the CLI's own
      if (!JSON.stringify(call.body.system).includes(JSON.stringify(request.system.join('\n\n')))) problems.push('another system prompt')
    }
  }
  if (standin.requests.some((each) => JSON.stringify(each.body).includes(canary))) problems.push('a file was read')
  await standin.close()
  return { problems, left: got.left }
}

/** Says each of the texts in a turn of its own, to one process. */
async function sendInTurns(t: Test, oauth: boolean): Promise<Seen> {
  const standin = await startStandin()
  const host = hostFor(standin, oauth)
  const workspaceRoot = temporary(t)
  const executor = new ClaudeExecutor({
    binary: () => ({ path: cli.binary, version: cli.version, problem: null }),
    credential: credentialKind(host),
    env: baseEnvironment(host),
    workspaceRoot,
    observe: () => {},
    warm: { perProfile: 0, total: 0, parked: 1, idleMs: 60_000 },
  })
  const problems: string[] = []
  const turns: Turn[] = []
  const expected: string[] = []
  for (const text of alone) {
    turns.push(says(text))
    const { outcome, gone } = executor.run({
      ...{
        jobId: 'job-1',
        owner: 'somebody',
        choice: 0,
        signal: new AbortController().signal,
        emit: () => {},
        alive: () => {},
        seat: freeSeat,
      },
      request: { kind: 'claude', model: 'claude-opus-5-5', system: [], turns: [...turns] },
    })
    const ended = await outcome
    await gone
    if (ended.kind !== 'finished') problems.push(`${text}: ${JSON.stringify(ended)}`)
    if (standin.calls.length !== (turns.length + 1) / 2) problems.push(`${text}: ${standin.calls.length} calls`)
    const seen = toldIn(standin.calls.at(-1)!)
    expected.push(arrives(text))
    if (JSON.stringify(seen) !== JSON.stringify(expected)) problems.push(`${text} arrived as ${JSON.stringify(seen)}`)
    turns.push(answers('one two'))
    expected.push('one two')
  }
  if (new Set(standin.calls.map(({ headers }) => headers['x-claude-code-session-id'])).size !== 1) problems.push('several processes')
  if (standin.requests.some((each) => JSON.stringify(each.body).includes(canary))) problems.push('a file was read')
  await executor.close()
  await standin.close()
  return { problems, left: readdirSync(workspaceRoot) }
}

for (const oauth of [false, true]) {
  await t.test(oauth ? 'with the CLI’s own notes (OAuth)' : 'with a bare CLI (API key)', async (t) => {
    const rows = [
      // the first words of a process; the other texts are said to one that has heard something
      ...['/clear', `@${file}`].map((text) => ({
        name: JSON.stringify(text),
        request: { turns: [says(text)] },
        expected: [arrives(text)],
      })),
      ...['/clear', `@${file}`].map((text) => ({
        name: `everything everywhere, ${text} last`,
        request: everywhere(text),
        expected: expectedEverywhere(text),
      })),
    ]
    const [seen, inTurns] = await Promise.all([
      inParallel(rows, 3, ({ request, expected }) => send(t, request, oauth, expected)),
      sendInTurns(t, oauth),
    ])
    t.strictSame(inTurns, { problems: [], left: [] }, 'each text alone, in a turn of its own')
    for (const [index, { name }] of rows.entries()) {
      t.strictSame(seen[index]!.problems, [], name)
      t.strictSame(seen[index]!.left, [], `${name}: nothing is left`)
    }
    noneAlive(t)
  })
}

await t.test('the CLI would do otherwise if it were let', async (t) => {
  const standin = await standins.startStandin({ fallback: () => standins.message('one two') })
  t.teardown(() => standin.close())
  const open = (prompt: string) => standins.runCli({ baseUrl: standin.url, prompt, bare: false })
  await open(`@${file}`)
  t.match(JSON.stringify(standin.requests.map(({ body }) => body)), canary, 'it reads files')
  const calls = standin.calls.length
  await open('/cost')
  t.equal(standin.calls.length, calls, 'it runs commands')
})
