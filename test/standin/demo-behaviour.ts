/**
 * What the stand-in answers on its own: sensible enough to show every feature of the bridge, and open about not being
 * Claude. A pure function of the request.
 */
import { message, text, toolUse, type MessageOptions } from './blocks.js'
import { jsonObjectAskedFor } from './json-request.js'
import { answerFor } from './knowledge.js'
import { imageTypes, lastUserText, toolResults, userTexts } from './reading.js'
import type { RecordedRequest } from './record.js'
import type { MessageReply } from './reply.js'
import { sampleOf } from './sample.js'
import { chooseTools } from './tool-choice.js'
import { plainToolName } from './tool-name.js'

/** Stands before every answer in prose. */
export const notice = '[Local stand-in, not Claude]'

/** The CLI's tool for answers that follow a JSON schema. */
const structuredTool = 'StructuredOutput'

const slowWords = 60
const slowDelayMs = 50

/** Every reply honours `stop_sequences` and `max_tokens`. */
export function demoBehaviour(request: Pick<RecordedRequest, 'body'>): MessageReply {
  const { body } = request
  const said = lastUserText(request)
  const results = toolResults(request)
  const structured = body.tools?.find((tool) => plainToolName(tool.name) === structuredTool)
  const tools = (body.tools ?? []).filter((tool) => tool !== structured)

  if (results.length === 0) {
    const chosen = chooseTools({ ...body, tools }, said)
    if (chosen.length > 0) {
      return limited(chosen.map((tool) => toolUse(tool.name, asObject(sampleOf(tool.input_schema ?? {}, said)))))
    }
  }
  if (structured !== undefined) {
    return limited([toolUse(structured.name, asObject(sampleOf(structured.input_schema ?? {}, said)))])
  }
  const format = body.output_config?.format
  if (format?.type === 'json_schema') return limited([text(JSON.stringify(sampleOf(format.schema ?? {}, said)))])
  if (results.length > 0) {
    const quoted = results.map((result) => `${result.isError ? 'an error: ' : ''}"${result.text}"`)
    return prose(`The ${results.length === 1 ? 'tool' : 'tools'} answered ${quoted.join(' and ')}.`)
  }
  const images = imageTypes(request)
  if (images.length > 0) return prose(describeImages(images))
  const json = jsonObjectAskedFor(said)
  if (json !== undefined) return limited([text(JSON.stringify(json))])
  if (/\b(slow|slowly|long)\b/i.test(said)) return slowAnswer()
  return prose(answerFor(said) ?? recall(request, said) ?? greetOrEcho(said))
}

/** The same reply with a pause before each token, so that people can watch it come. */
export function unhurried(reply: MessageReply, tokenDelayMs: number): MessageReply {
  return reply.pace === undefined ? { ...reply, pace: { tokenDelayMs } } : reply
}

function describeImages(types: readonly string[]): string {
  const many = types.length === 1 ? '1 image' : `${types.length} images`
  return `I received ${many} (${types.join(', ')}) and cannot see what is on ${types.length === 1 ? 'it' : 'them'}.`
}

function slowAnswer(): MessageReply {
  const opening = `${notice} This answer takes its time, one word every ${slowDelayMs} ms:`.split(' ')
  const counted = Array.from({ length: slowWords - opening.length }, (_, index) => `word-${index + opening.length + 1}`)
  return limited([text([...opening, ...counted].join(' '))], {
    pace: { firstTokenDelayMs: slowDelayMs, tokenDelayMs: slowDelayMs },
  })
}

/** Shows that the conversation before reached this place. */
function recall(request: Pick<RecordedRequest, 'body'>, said: string): string | undefined {
  if (!/\bwhat(?:'s| is) my name\b/i.test(said)) return undefined
  const names = userTexts(request).map((line) => /\bmy name is (\p{L}[\p{L}-]*)/iu.exec(line)?.[1])
  const name = names.filter((found) => found !== undefined).at(-1)
  return name === undefined ? 'You have not told me your name.' : `You told me that your name is ${name}.`
}

function greetOrEcho(said: string): string {
  if (/^\W*(hi|hello|hey|good (morning|afternoon|evening))\b/i.test(said)) return `Hello! You said: "${said.trim()}"`
  return said.trim() === '' ? 'There was no text in your message.' : `You said: "${said.trim()}"`
}

function prose(answer: string): MessageReply {
  return limited([text(`${notice} ${answer}`)])
}

function limited(content: MessageReply['content'], options: MessageOptions = {}): MessageReply {
  return message(content, { honourLimits: true, ...options })
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
