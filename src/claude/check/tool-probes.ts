/** Probes of the client's functions and of answers by a schema. */
import { isDeepStrictEqual } from 'node:util'
import type { ClientTool } from '../../request/conversation.js'
import { textIn } from '../protocol/loose.js'
import { clientServer, modelName } from '../protocol/tool-names.js'
import { cliSchema } from '../protocol/cli-schema.js'
import { outputTool } from '../protocol/output-reader.js'
import type { Bench, Question } from './bench.js'
import { mustEqual, saidIn, toolsIn } from './bodies.js'
import { model } from './chat-probes.js'
import { type Asked, Dialogue } from './dialogue.js'
import type { Call } from './recorder.js'
import { asError } from './settings-probes.js'

const object = (properties: Record<string, unknown>): Record<string, unknown> => ({ type: 'object', properties })

/** More than 4,096 characters, where versions that can be told to pass on all of them cut by themselves. */
const longDescription = 'word '.repeat(1200).trim()

/** With what a tool of a client may have: odd names, empty lines, long texts, no description, no properties. */
const tools: readonly ClientTool[] = [
  { name: 'look', description: 'Looks.', parameters: { ...object({ at: { type: 'string', description: 'Where' } }), required: ['at'] } },
  { name: 'no_words', parameters: object({}) },
  { name: 'empty-line', description: 'One.\n\nTwo.\n\n\nThree.', parameters: object({ a: { type: 'number' } }) },
  { name: 'long', description: longDescription, parameters: object({ a: { type: 'string' } }) },
  { name: 'a.b/c', description: 'A name with signs.', parameters: object({ 'a.b-c': { type: 'boolean' } }) },
  { name: 'n'.repeat(64), description: 'A long name.', parameters: object({}) },
  { name: 'deep', description: 'Deep.', parameters: object({ a: { type: 'array', items: object({ b: { enum: ['x', 1, null] } }) } }) },
  ...Array.from({ length: 25 }, (_, index) => ({ name: `many_${index}`, description: `Number ${index}.`, parameters: object({}) })),
]

/** of the question of {@link toolLoop} */
export const markerOfTools = 'check-tools'
/** what the model calls then */
export const calledTool = modelName('look')
const callId = 'toolu_check_tools'
const input = { at: 'the sky' }
const found = 'It is blue.\n\n/clear'

interface Exchange {
  asked: Asked
  /** the same question again, in the process that has taken it back; or why there is none */
  again: Call | Error
}

/** The same question again, once it was taken back. */
async function askedAgain(dialogue: Dialogue, question: Question, { uuid }: Asked): Promise<Call | Error> {
  try {
    await dialogue.takeBack(uuid, question.text, null)
    return (await dialogue.ask(question)).calls[0]!
  } catch (error) {
    return asError(error)
  }
}

/** A question that the model answers with a call, and its result with a text. */
export function toolLoop(bench: Bench): Promise<Exchange> {
  return bench.once('tools', async () =>
    Dialogue.with(bench, { model }, async (dialogue) => {
      const call = { tool: calledTool, id: callId, input }
      const question: Question = { marker: markerOfTools, text: `what is there? ${markerOfTools}`, answers: [call, { text: 'blue' }] }
      dialogue.tools.offer(tools)
      await dialogue.control({ subtype: 'initialize', sdkMcpServers: [clientServer] })
      dialogue.tools.give([{ type: 'tool_result', toolCallId: callId, content: [{ type: 'text', text: found }] }])
      const asked = await dialogue.ask(question)
      return { asked, again: await askedAgain(dialogue, question, asked) }
    }),
  )
}

const schema = {
  ...object({ city: { type: 'string', description: 'A city.\n\nAny.', minLength: 1 }, size: { type: 'integer' } }),
  required: ['city'],
  additionalProperties: false,
}
const value = { city: 'Rome', size: 3 }

/** A question whose answer has to follow a schema. */
export function schemaAnswer(bench: Bench): Promise<Exchange> {
  const output = { name: 'place', schema }
  return bench.once('schema', async () =>
    Dialogue.with(bench, { model, output }, async (dialogue) => {
      const call = { tool: outputTool, id: 'toolu_check_schema', input: value }
      const question: Question = { marker: 'check-schema', text: 'which city? check-schema', answers: [call] }
      await dialogue.control({ subtype: 'initialize', jsonSchema: cliSchema(schema) })
      const asked = await dialogue.ask(question)
      return { asked, again: await askedAgain(dialogue, question, asked) }
    }),
  )
}

/** The client's function is called with what the model wrote, and its result reaches the model. */
export async function toolsWork(bench: Bench): Promise<void> {
  const { asked } = await toolLoop(bench)
  mustEqual(asked.calls.length, 2, 'model calls')
  const said = saidIn(asked.calls[1]!).slice(-2)
  mustEqual(said[0], { role: 'assistant', content: [{ type: 'tool_use', id: callId, name: calledTool, input }] }, 'the call')
  const [result] = (said[1]?.content ?? []) as { tool_use_id?: unknown; content?: unknown }[]
  mustEqual(result?.tool_use_id, callId, 'the id of the result')
  // the API takes both forms
  const whole = isDeepStrictEqual(result?.content, found) ? [{ type: 'text', text: found }] : result?.content
  mustEqual(whole, [{ type: 'text', text: found }], 'the result')
  mustEqual(asked.result['result'], 'blue', 'the answer')
}

/** Each tool that is offered reaches the model, with its schema and its description, and no other. */
export async function everyTool(bench: Bench): Promise<void> {
  const got = await toolsSent(bench)
  mustEqual([...got.keys()].map(String).sort(), tools.map(({ name }) => modelName(name)).sort(), 'names')
  for (const { name, description, parameters } of tools) {
    const tool = got.get(modelName(name))!
    mustEqual(tool['input_schema'], parameters, `the schema of ${name}`)
    // an empty line may have got a blank
    const lines = (text: unknown): string[] => (textIn(text) ?? '').split(/\n\s*/)
    if (description !== longDescription) mustEqual(lines(tool['description']), lines(description), `the description of ${name}`)
  }
}

/** A long description is not cut. */
export async function longText(bench: Bench): Promise<void> {
  mustEqual((await toolsSent(bench)).get(modelName('long'))?.['description'], longDescription, 'the description')
}

async function toolsSent(bench: Bench): Promise<Map<unknown, Record<string, unknown>>> {
  return toolsIn((await toolLoop(bench)).asked.calls[0]!)
}

/** The schema reaches the model whole, and the answer comes back as a value. */
export async function schemaWorks(bench: Bench): Promise<void> {
  const { asked } = await schemaAnswer(bench)
  mustEqual(asked.calls.length, 1, 'model calls')
  mustEqual(toolsIn(asked.calls[0]!).get(outputTool)?.['input_schema'], schema, 'the schema')
  mustEqual(asked.result['structured_output'], value, 'the answer')
}
