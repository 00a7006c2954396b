/** Probes of what makes a process reusable: what it sends after turns were taken back is what a new process sends, to the byte. */
import type { Bench, Question } from './bench.js'
import { mustBeSame } from './bodies.js'
import {
  chat,
  chatPrompt,
  chatQuestions,
  chatRequest,
  history,
  historyPrompt,
  historyQuestion,
  historyTurns,
  model,
} from './chat-probes.js'
import { Dialogue } from './dialogue.js'
import type { Call } from './recorder.js'
import { applySettings, setPrompt, settings, someSettings } from './settings-probes.js'
import { schemaAnswer, toolLoop } from './tool-probes.js'
import { noSettings } from '../turn/turn-settings.js'

/** Everything of a conversation taken back, a part of it, a history taken back, calls of tools, an answer by a schema. */
export async function takingBack(bench: Bench): Promise<void> {
  await wholeConversations(bench)
  const again: [string, Call | Error, Call][] = [
    ['after settings', (await settings(bench)).again, (await settings(bench)).plain],
    ['after calls of tools', (await toolLoop(bench)).again, (await toolLoop(bench)).asked.calls[0]!],
    ['after an answer by a schema', (await schemaAnswer(bench)).again, (await schemaAnswer(bench)).asked.calls[0]!],
  ]
  for (const [what, got, wanted] of again) {
    if (got instanceof Error) throw new Error(`${what}: ${got.message}`)
    mustBeSame(got, wanted, what)
  }
}

async function wholeConversations(bench: Bench): Promise<void> {
  const [first, second] = await chat(bench)
  const replayed = await history(bench)
  const question = (name: string): Question => ({ marker: `check-back-${name}`, text: `hello check-back-${name}` })
  const [firstQuestion, secondQuestion] = chatQuestions(bench)
  await Dialogue.with(bench, { model }, async (dialogue) => {
    await dialogue.control({ subtype: 'initialize', systemPromptSnapshot: false })
    await setPrompt(dialogue, model, 'You are a pirate.')
    await applySettings(dialogue, noSettings, someSettings)
    const one = await dialogue.ask(question('1'))
    const two = await dialogue.ask(question('2'))

    // to nothing
    await dialogue.takeBack(two.uuid, question('2').text, one.answerUuid)
    await dialogue.takeBack(one.uuid, question('1').text, null)
    await applySettings(dialogue, someSettings, noSettings)
    await setPrompt(dialogue, model, chatPrompt)
    const asked = await dialogue.ask(firstQuestion)
    mustBeSame(asked.calls[0], first, 'taken back to nothing')

    // to a point
    await applySettings(dialogue, noSettings, someSettings)
    const three = await dialogue.ask(question('3'))
    await dialogue.takeBack(three.uuid, question('3').text, asked.answerUuid)
    await applySettings(dialogue, someSettings, noSettings)
    const wentOn = await dialogue.ask(secondQuestion)
    mustBeSame(wentOn.calls[0], second, 'taken back to a point')

    // to nothing, and a history is told, twice: the first of them is taken back turn by turn
    await dialogue.takeBack(wentOn.uuid, secondQuestion.text, asked.answerUuid)
    await dialogue.takeBack(asked.uuid, firstQuestion.text, null)
    await setPrompt(dialogue, model, historyPrompt)
    const told = await dialogue.tell(historyTurns(bench))
    const answered = await dialogue.ask(historyQuestion())
    mustBeSame(answered.calls[0], replayed, 'taken back to nothing, with a history')
    await dialogue.takeBack(answered.uuid, historyQuestion().text, undefined)
    // results of calls go with the question that led to them
    const [firstTold, secondTold] = told
    await dialogue.takeBack(secondTold!, undefined, undefined)
    await dialogue.takeBack(firstTold!, undefined, null)
    await setPrompt(dialogue, model, chatPrompt)
    mustBeSame((await dialogue.ask(firstQuestion)).calls[0], first, 'a history taken back')
  })
}

/** A process that has made a turn beforehand sends what a new one sends, and that turn never leaves it. */
export async function warmUp(bench: Bench): Promise<void> {
  const [first] = await chat(bench)
  const { strays } = bench.recorder
  const before = strays.length
  await Dialogue.with(bench, { model }, async (dialogue) => {
    await dialogue.warmUp()
    if (strays.length > before) throw new Error('the turn beforehand reached the model')
    const [call] = await dialogue.converse(chatRequest(bench), chatQuestions(bench)[0])
    mustBeSame(call, first, 'after a turn beforehand')
  })
}
