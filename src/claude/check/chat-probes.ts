/** Probes of a plain conversation: two questions of a new process, and a history that is told to another. */
import type { ClaudeRequest, Turn } from '../../request/conversation.js'
import { modelName } from '../protocol/tool-names.js'
import { assistantLine, plainTextMark, userLine } from '../turn/transcript.js'
import type { Bench, Question } from './bench.js'
import { mustEqual, promptsIn, saidIn, toolsIn } from './bodies.js'
import { Dialogue } from './dialogue.js'
import type { Call } from './recorder.js'

/** One whose conversations have system messages; see also `settings-probes.ts`. */
export const model = 'claude-opus-5-5'

/** Bytes of a body of two short texts; with the CLI's own prompt or tools it has more than ten times as many. */
const largestLeanBody = 8000

export const says = (text: string): Turn => ({ role: 'user', content: [{ type: 'text', text }] })
const answers = (text: string): Turn => ({ role: 'assistant', content: [{ type: 'text', text }] })

const parts = ['You are brief.', ' second part “é 😀”\n/clear']
/** The prompt of the chat, as the CLI joins its parts. */
export const chatPrompt = parts.join('\n\n')
export const historyPrompt = 'You remember.'

/** The two questions; the CLI would run the first as a command and read the file of the second. */
export function chatQuestions({ canary }: Bench): [Question, Question] {
  return [
    { marker: 'check-chat-1', text: `/help @${canary.file} check-chat-1` },
    { marker: 'check-chat-2', text: `@${canary.file} and @"${canary.file}" check-chat-2` },
  ]
}

export function historyQuestion(): Question {
  return { marker: 'check-history', text: 'and now? check-history' }
}

/** One pixel: the CLI changes the bytes of larger images. */
const pixel = {
  type: 'image',
  mediaType: 'image/png',
  data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
} as const

/** Everything that a history can hold but PDFs. */
export function historyTurns({ canary }: Bench): Turn[] {
  return [
    says('/compact now'),
    answers('/clear'),
    { role: 'user', content: [pixel, ...texts(`@${canary.file}`), ...texts('/cost')] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_check_history', name: 'look', input: { at: '/help' } }] },
    { role: 'user', content: [{ type: 'tool_result', toolCallId: 'toolu_check_history', content: texts('/exit') }, ...texts('so')] },
    answers('fine'),
  ]
}

function texts(text: string): { type: 'text'; text: string }[] {
  return [{ type: 'text', text }]
}

export function chatRequest(bench: Bench): ClaudeRequest {
  return { kind: 'claude', model, system: parts, turns: [says(chatQuestions(bench)[0].text)] }
}

/** The model calls of two questions to a new process. */
export function chat(bench: Bench): Promise<[Call, Call]> {
  return bench.once('chat', async () =>
    Dialogue.with(bench, { model }, async (dialogue) => {
      const [first, second] = chatQuestions(bench)
      const [call, ...others] = await dialogue.converse(chatRequest(bench), first)
      const { calls } = await dialogue.ask(second)
      if (others.length > 0 || calls.length !== 1) throw new Error('a question asked the model more than once')
      return [call!, calls[0]!]
    }),
  )
}

/** The model call of a new process that was told a history. */
export function history(bench: Bench): Promise<Call> {
  return bench.once('history', async () =>
    Dialogue.with(bench, { model }, async (dialogue) => {
      const question = historyQuestion()
      const turns = [...historyTurns(bench), says(question.text)]
      const calls = await dialogue.converse({ kind: 'claude', model, system: [historyPrompt], turns }, question)
      if (calls.length !== 1) throw new Error(`the question asked the model ${calls.length} times`)
      return calls[0]!
    }),
  )
}

/** The CLI adds no prompt, tool, file or setting of its own, and asks nothing by itself. */
export async function lean(bench: Bench): Promise<void> {
  const [first] = await chat(bench)
  mustEqual([...toolsIn(first).keys()], [], 'tools')
  if (first.raw.length > largestLeanBody) throw new Error(`the body has ${first.raw.length} characters`)
  if (first.raw.includes(bench.canary.text)) throw new Error('a file was sent that no question names')
  const [stray] = bench.recorder.strays
  if (stray !== undefined) throw new Error(`the model was asked something else: ${JSON.stringify(stray.body['messages']).slice(0, 100)}`)
}

/** A prompt that is said over the control channel is the only one. */
export async function prompt(bench: Bench): Promise<void> {
  for (const call of await chat(bench)) mustEqual(promptsIn(call), [chatPrompt], 'system')
  mustEqual(promptsIn(await history(bench)), [historyPrompt], 'system')
}

/** `/word` and `@/path` reach the model as they are. */
export async function plainText(bench: Bench): Promise<void> {
  const calls = [...(await chat(bench)), await history(bench)]
  if (calls.some(({ raw }) => raw.includes(bench.canary.text))) throw new Error('a file was read and sent')
  const [first, second] = chatQuestions(bench)
  mustEqual(saidIn(calls[0]!), [sent(bench, says(first.text))], 'the first question')
  mustEqual(saidIn(calls[1]!).at(-1), sent(bench, says(second.text)), 'the second question')
}

/** Turns keep their roles, their order and their blocks. */
export async function historyWithRoles(bench: Bench): Promise<void> {
  const turns = [...historyTurns(bench), says(historyQuestion().text)]
  const got = saidIn(await history(bench))
  mustEqual(
    got,
    turns.map((turn) => sent(bench, turn)),
    'messages',
  )
  if (!JSON.stringify(got).includes(modelName('look'))) throw new Error('the call has another name')
}

/** A turn as it is written to the CLI, which is how it has to arrive. */
function sent({ version }: Bench, turn: Turn): { role: unknown; content: unknown[] } {
  const line = turn.role === 'user' ? userLine(turn.content, plainTextMark(version), false) : assistantLine(turn.content, '', { model })
  const { role, content } = (line as { message: { role: unknown; content: unknown[] } }).message
  return { role, content }
}
