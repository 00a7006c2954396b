/** Probes of what is set for one question and undone for the next, of a model whose thinking has a budget. */
import { objectIn } from '../protocol/loose.js'
import { type TurnSettings, changes, noSettings } from '../turn/turn-settings.js'
import type { Bench, Question } from './bench.js'
import { differing, mustEqual, promptsIn } from './bodies.js'
import { Dialogue } from './dialogue.js'
import type { Call } from './recorder.js'

const model = 'claude-haiku-4-5-20251001'

/** All that can be set at once. */
export const someSettings: TurnSettings = { body: JSON.stringify({ stop_sequences: ['END'] }), maxTokens: '5000', thinking: 0 }

const firstPrompt = 'You count.'
const secondPrompt = 'You sing.'

interface Calls {
  /** before anything was set */
  plain: Call
  set: Call
  undone: Call
  /** the first question again, in the process that has taken everything back; or why there is none */
  again: Call | Error
}

/** Sets the prompt of a process; the first `initialize` has asked for no record of it. */
export async function setPrompt(dialogue: Dialogue, ofModel: string, text: string): Promise<void> {
  await dialogue.control({ subtype: 'set_model', model: ofModel, system_prompt: text, only_if_model_is_current: true })
}

export async function applySettings(dialogue: Dialogue, from: TurnSettings, to: TurnSettings): Promise<void> {
  for (const request of changes(from, to)) await dialogue.control(request)
}

/** Three questions of one process: plain, with everything set, undone. */
export function settings(bench: Bench): Promise<Calls> {
  return bench.once('settings', async () =>
    Dialogue.with(bench, { model }, async (dialogue) => {
      const question = (name: string): Question => ({ marker: `check-${name}`, text: `hello check-${name}` })
      await dialogue.control({ subtype: 'initialize', systemPromptSnapshot: false })
      await setPrompt(dialogue, model, firstPrompt)
      const plain = await dialogue.ask(question('plain'))
      await applySettings(dialogue, noSettings, someSettings)
      await setPrompt(dialogue, model, secondPrompt)
      const set = await dialogue.ask(question('set'))
      await applySettings(dialogue, someSettings, noSettings)
      await setPrompt(dialogue, model, firstPrompt)
      const undone = await dialogue.ask(question('undone'))
      const again = async (): Promise<Call> => {
        await dialogue.takeBack(undone.uuid, question('undone').text, set.answerUuid)
        await dialogue.takeBack(set.uuid, question('set').text, plain.answerUuid)
        await dialogue.takeBack(plain.uuid, question('plain').text, null)
        return (await dialogue.ask(question('plain'))).calls[0]!
      }
      const calls = { plain: plain.calls[0]!, set: set.calls[0]!, undone: undone.calls[0]! }
      return { ...calls, again: await again().catch((error: unknown) => asError(error)) }
    }),
  )
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** The limit of the answer. */
export async function maxTokens(bench: Bench): Promise<void> {
  const calls = await settings(bench)
  mustEqual(calls.set.body['max_tokens'], Number(someSettings.maxTokens), 'set')
  mustBeUndone(calls, 'max_tokens')
}

/** Members of the body that the CLI has no setting for. */
export async function extraBody(bench: Bench): Promise<void> {
  const calls = await settings(bench)
  mustEqual(calls.set.body['stop_sequences'], ['END'], 'set')
  mustBeUndone(calls, 'stop_sequences')
}

/** No thinking, and thinking again. */
export async function thinking(bench: Bench): Promise<void> {
  const calls = await settings(bench)
  const kind = (call: Call): unknown => objectIn(call.body['thinking'])?.['type'] ?? 'disabled'
  mustEqual(kind(calls.set), 'disabled', 'set')
  mustEqual(kind(calls.plain), 'enabled', 'before it was set')
  mustBeUndone(calls, 'thinking')
}

/** A process is told another prompt, and the first one again; nothing else of the body changes with it. */
export async function newPrompt(bench: Bench): Promise<void> {
  const { plain, set, undone } = await settings(bench)
  mustEqual(promptsIn(plain), [firstPrompt], 'the first prompt')
  mustEqual(promptsIn(set), [secondPrompt], 'another prompt')
  mustEqual(promptsIn(undone), [firstPrompt], 'the first prompt again')
  const others = differing(plain.body, undone.body).filter((name) => name !== 'messages' && name !== 'metadata')
  mustEqual(others, [], 'members that stay different')
}

function mustBeUndone({ plain, undone }: Calls, member: string): void {
  mustEqual(undone.body[member], plain.body[member], 'undone')
}
