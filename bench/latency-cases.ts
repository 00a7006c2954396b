/** The ways to the same answer whose times are compared. */
import { type ChatMessage, type Timed, askBlocking, askStreaming, askUpstream } from './ask.js'
import { model, poolReady, systemPrompt } from './ask.js'
import { type BareProcess, askCli, bareLean, defaultArgs, startBare } from './bare-cli.js'
import type { Bridge } from './bridge.js'
import { type Question, newQuestion } from './question.js'
import type { Rig } from './rig.js'

export interface LatencyCase {
  id: string
  name: string
  /** an answer that comes as a whole has no first token */
  blocking?: boolean
  /** what has to be before the clock starts */
  before?(): Promise<void>
  ask(question: Question): Promise<Timed>
  /** once, after the last sample */
  after?(): void | Promise<void>
}

export function latencyCases(rig: Rig, cold: Bridge, warm: Bridge): LatencyCase[] {
  const lean = bareLean(rig)
  const ready = async () => void (await poolReady(warm.url))
  return [
    direct(rig),
    {
      id: 'bare_default',
      name: 'bare CLI, default flags',
      ask: ({ text }) => askCli({ ...lean, args: [...defaultArgs, `--model=${model}`], withSystemPrompt: false }, text),
    },
    { id: 'bare_lean', name: 'bare CLI, lean flags', ask: ({ text }) => askCli(lean, text) },
    bareGoesOn(rig, 'bare_live', 'bare CLI, lean flags, a further question', () => []),
    bareGoesOn(rig, 'bare_replayed', 'bare CLI, lean flags, 40 messages into a process at work', () => longHistory().slice(1)),
    { id: 'cold', name: 'bridge cold, streaming', ask: ({ text }) => askStreaming(cold.url, first(text)) },
    {
      id: 'cold_block',
      name: 'bridge cold, blocking',
      blocking: true,
      ask: ({ text }) => askBlocking(cold.url, first(text)),
    },
    {
      id: 'warm',
      name: 'bridge warm, streaming',
      before: ready,
      ask: ({ text }) => askStreaming(warm.url, first(text)),
    },
    {
      id: 'warm_block',
      name: 'bridge warm, blocking',
      blocking: true,
      before: ready,
      ask: ({ text }) => askBlocking(warm.url, first(text)),
    },
    secondTurnLive(rig, warm),
    askedAgain(warm, 'regenerate', 'the last of 40 messages asked anew', (history) => history),
    askedAgain(warm, 'edited', 'an edit in the middle of 40 messages', (history) => history.slice(0, 20)),
    {
      id: 'replayed',
      name: '40 messages into a warm session',
      before: ready,
      ask: ({ text }) => askStreaming(warm.url, [...longHistory(), { role: 'user', content: text }]),
    },
  ]
}

/** What the CLI itself takes for it, once its process has answered a question: no server in front of it can take less. */
function bareGoesOn(rig: Rig, id: string, name: string, history: () => ChatMessage[]): LatencyCase {
  let cli: BareProcess | undefined
  return {
    id,
    name,
    async before() {
      await cli?.end()
      cli = await startBare(bareLean(rig))
      await cli.ask(newQuestion().text)
    },
    ask: ({ text }) => cli!.goOn(history(), text),
    after: () => cli?.end(),
  }
}

function first(text: string): ChatMessage[] {
  return [
    { role: 'system', content: systemPrompt },
    { role: 'user', content: text },
  ]
}

/** The body is the one that a lean CLI sends, word for word, but for the question. */
function direct(rig: Rig): LatencyCase {
  let body: { json: string; asked: string } | undefined
  return {
    id: 'direct',
    name: 'direct upstream call',
    async before() {
      if (body !== undefined) return
      const { text, marker } = newQuestion()
      await askCli(bareLean(rig), text)
      body = { json: JSON.stringify((await rig.standin.call(marker)).body), asked: text }
    },
    ask({ text }) {
      const asked = body!.json.replace(body!.asked, text)
      return askUpstream(rig.standin.url, JSON.parse(asked) as object)
    },
  }
}

/** The first turn comes before the clock starts. Whether the second met its process, the CLI's session id tells. */
function secondTurnLive(rig: Rig, warm: Bridge): LatencyCase {
  let before: ChatMessage[] = []
  let session: string | null = null
  let live = 0
  let asked = 0
  return {
    id: 'live',
    name: 'second turn, live',
    async before() {
      await poolReady(warm.url)
      const { text, marker } = newQuestion()
      const { text: answer } = await askStreaming(warm.url, first(text))
      session = (await rig.standin.call(marker)).session
      before = [...first(text), { role: 'assistant', content: answer }]
    },
    async ask(question) {
      const timed = await askStreaming(warm.url, [...before, { role: 'user', content: question.text }])
      asked += 1
      if ((await rig.standin.call(question.marker)).session === session) live += 1
      return timed
    },
    after: () => void rig.findings.notes.push(`second turn, live: ${live} of ${asked} met the process of the first turn`),
  }
}

/**
 * A conversation is had before the clock starts, and asked again from an earlier point: what is behind that is taken back, and what was
 * changed is said anew. `keep`: of the messages before the question, those that stay as they are.
 */
function askedAgain(warm: Bridge, id: string, name: string, keep: (history: ChatMessage[]) => ChatMessage[]): LatencyCase {
  let kept: ChatMessage[] = []
  let other: ChatMessage[] = []
  return {
    id,
    name,
    async before() {
      await poolReady(warm.url)
      const history = longHistory()
      await askStreaming(warm.url, [...history, { role: 'user', content: newQuestion().text }])
      kept = keep(history)
      other = longHistory().slice(kept.length)
    },
    ask: ({ text }) => askStreaming(warm.url, [...kept, ...other, { role: 'user', content: text }]),
  }
}

/** A conversation that no process has heard: every turn of it has to be said. */
function longHistory(): ChatMessage[] {
  const turns = Array.from({ length: 20 }, (_, index): ChatMessage[] => {
    const { marker } = newQuestion()
    return [
      { role: 'user', content: `${marker} Tell me about the number ${index}, in a sentence or two.` },
      { role: 'assistant', content: `${marker} The number ${index} comes right before ${index + 1}, as always.` },
    ]
  })
  return [{ role: 'system', content: systemPrompt }, ...turns.flat()]
}
