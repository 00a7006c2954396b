/** What reaches the model: the conversation as it was asked for, whatever its size, and nothing that the CLI adds. */
import { deflateSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { ClaudeRequest, Turn, UserBlock } from '../../src/request/conversation.js'
import * as standins from '../standin/index.js'
import { blocksOf } from '../standin/request.js'
import type { RecordedRequest } from '../standin/index.js'
import { answers, inParallel, noneAlive, says, startRun, type EndedRun } from './harness.js'
import { realCli } from './real-cli.js'

const cli = await realCli()

async function ask(
  t: Test,
  request: Partial<ClaudeRequest>,
  host: NodeJS.ProcessEnv = {},
): Promise<{ got: EndedRun; calls: readonly RecordedRequest[] }> {
  const standin = await standins.startStandin({ fallback: () => standins.message('one two') })
  const got = await startRun(t, { ...cli, host: { ...cli.hostFor(standin), ...host }, request }).end()
  const calls = [...standin.calls]
  await standin.close()
  t.match(got.outcome, { kind: 'finished', reason: 'stop' })
  t.strictSame(got.left, [], 'nothing is left')
  t.equal(calls.length, 1, 'one call')
  return { got, calls }
}

/** The messages with neither cache marks nor the CLI's own system messages. */
function said(call: RecordedRequest): { role: string; content: unknown[] }[] {
  return (call.body.messages ?? [])
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => ({
      role,
      content: blocksOf(content).map((block) => {
        const rest = { ...block }
        delete rest.cache_control
        return rest
      }),
    }))
}

/** The smallest PNG: one pixel. */
function pixel(): string {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const sized = Buffer.alloc(4)
    sized.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([sized, body, sum])
  }
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const data = deflateSync(Buffer.from([0, 255, 0, 0]))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]).toString('base64')
}

function crc32(bytes: Buffer): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

const image: UserBlock = { type: 'image', mediaType: 'image/png', data: pixel() }
const toApi = (block: Turn['content'][number]): unknown => {
  if (block.type === 'image') return { type: 'image', source: { type: 'base64', media_type: block.mediaType, data: block.data } }
  if (block.type === 'tool_result') return { type: 'tool_result', tool_use_id: block.toolCallId, content: block.content.map(toApi) }
  return block.type === 'tool_use' ? { ...block, name: `mcp__client__${block.name}` } : block
}
const asApi = (turns: readonly Turn[]) => turns.map(({ role, content }) => ({ role, content: content.map(toApi) }))

/** The model was told these turns; older versions put a note of theirs in front. */
function told(t: Test, messages: ReturnType<typeof said>, turns: readonly Turn[]): void {
  if (cli.version === '2.1.329') t.strictSame(messages, asApi(turns))
  else
    t.match(
      messages.map(({ role }) => role),
      turns.map(({ role }) => role),
    )
}

await t.test('a history with images, calls and their results', async (t) => {
  const turns: Turn[] = [
    {
      role: 'user',
      content: [{ type: 'text', text: 'look: é漢🙂 \u2028 "\\' }, image, { type: 'text', text: 'and this' }],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'calling' },
        { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Köln', deep: { list: [1, null] } } },
        { type: 'tool_use', id: 'call_2', name: 'other', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', toolCallId: 'call_1', content: [{ type: 'text', text: '/clear' }, image] },
        { type: 'tool_result', toolCallId: 'call_2', content: [{ type: 'text', text: 'x'.repeat(60_000) }] },
        { type: 'text', text: 'and now?' },
      ],
    },
    answers('rain'),
    { role: 'user', content: [image] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'call_3', name: 'again', input: { a: 1 } }] },
    {
      role: 'user',
      content: [{ type: 'tool_result', toolCallId: 'call_3', content: [{ type: 'text', text: 'done' }] }],
    },
  ]
  for (const host of [{}, { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'fake' }]) {
    const { calls } = await ask(t, { turns }, host)
    told(t, said(calls[0]!), turns)
  }
})

await t.test('forty messages, with an effort', async (t) => {
  const turns = Array.from({ length: 41 }, (_, index) => (index % 2 === 0 ? says(`question ${index}`) : answers(`answer ${index}`)))
  const { calls } = await ask(t, { turns, effort: 'low' })
  told(t, said(calls[0]!), turns)
})

await t.test('sizes and settings', async (t) => {
  const big = (bytes: number) => 'words, '.repeat(bytes / 7)
  const table: { name: string; request: Partial<ClaudeRequest>; check: (call: RecordedRequest) => void }[] = [
    {
      name: 'several system prompts, stop sequences and the limit',
      request: { system: ['be kind', '/clear', 'be brief @/etc/hostname'], stop: ['END', '\n\n', '"quoted"'], maxTokens: 7 },
      check: (call) => {
        t.equal(standins.systemText(call), 'be kind\n\n/clear\n\nbe brief @/etc/hostname')
        t.match(call.body, { stop_sequences: ['END', '"quoted"'], max_tokens: 7 })
      },
    },
    {
      name: 'a system prompt of 300 KB before 1,000,000 bytes',
      request: { system: [big(300_000)], turns: [says(big(1_000_000))] },
      check: (call) => {
        t.ok(standins.systemText(call) === big(300_000), 'whole')
        t.ok(standins.lastUserText(call) === big(1_000_000), '1,000,000 bytes, whole')
      },
    },
    {
      name: '12,000,000 bytes',
      request: { turns: [says(big(12_000_000))] },
      check: (call) => t.ok(standins.lastUserText(call) === big(12_000_000), '12,000,000 bytes, whole'),
    },
    {
      name: 'the limit with a model that thinks on a budget',
      request: { model: 'claude-haiku-4-5-20251001', maxTokens: 3000 },
      check: (call) => {
        const budget = (call.body['thinking'] as { budget_tokens?: number } | undefined)?.budget_tokens ?? 0
        t.equal(call.body.max_tokens, 3000)
        t.ok(budget <= 1500, `${budget} tokens of thinking leave room for an answer`)
      },
    },
    {
      name: 'effort',
      request: { effort: 'high' },
      check: (call) => t.match(call.body, { model: 'claude-opus-5-5', output_config: { effort: 'high' } }),
    },
    {
      name: 'no thinking',
      request: { effort: 'none', model: 'claude-haiku-4-5-20251001' },
      check: (call) => t.notMatch(JSON.stringify(call.body['thinking'] ?? {}), 'enabled'),
    },
  ]
  const calls = await inParallel(table, 3, async ({ request }) => (await ask(t, request)).calls)
  for (const [index, { check, name }] of table.entries()) {
    t.comment(name)
    const call = calls[index]![0]!
    check(call)
    t.notOk(call.body.tools?.length, `${name}: no tools`)
  }
})

await t.test('a line of chat costs little', async (t) => {
  const text = 'What is the capital of France?'
  for (const host of [{}, { ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'fake' }]) {
    const { calls } = await ask(t, { turns: [says(text)] }, host)
    const overhead = calls[0]!.bytes - text.length
    t.ok(overhead <= 2000, `${overhead} bytes besides the text`)
    t.strictSame(calls[0]!.body.tools ?? [], [], 'no tools')
    t.notMatch(JSON.stringify(calls[0]!.body.system), /interactive|software engineering/i, 'no system prompt')
    t.strictSame(standins.userTexts(calls[0]!), [text])
  }
  noneAlive(t)
})
