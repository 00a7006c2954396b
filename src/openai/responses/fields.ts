/**
 * The fields of a Responses request that are not those of a chat request, and what is done with each. All others are
 * handed on to the table of chat fields, by the same name.
 */
import { z } from 'zod'
import { whole } from '../../errors/number-words.js'
import { efforts, honoured, honouredAsIs, ignored, is, refused, fields as chatFields } from '../in/honoured-fields.js'
import { toolChoiceSchema, toolListSchema } from '../in/tool-schemas.js'
import { itemSchema } from './item-schemas.js'

const format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    name: z.string(),
    description: z.string().nullish(),
    schema: z.looseObject({}),
    strict: z.boolean().nullish(),
  }),
])

/** As OpenAI says it of the first of them. */
const moved = (to: string) => refused(z.unknown(), `in the Responses API it has moved to '${to}'`, {})

export const ownFields = {
  input: honouredAsIs(
    z.union([z.string(), z.array(itemSchema)]),
    'a text, or items: messages, function calls and their outputs, reasoning, references to output items',
  ),
  instructions: honoured(z.string(), 'goes in front of the conversation; not carried over to the next response'),
  previous_response_id: honoured(z.string(), 'the response whose conversation goes on'),
  max_output_tokens: honoured(z.int(whole(1)).positive(), 'limit of tokens of the answer, reasoning included'),
  reasoning: honoured(
    z.looseObject({
      effort: z.enum(efforts).nullish(),
      summary: z.string().nullish().describe('whatever it says, the reasoning comes as the summary'),
      generate_summary: z.string().nullish().describe('former name of `summary`'),
    }),
    '`effort` as `reasoning_effort` of a chat request',
  ),
  text: honoured(
    z.looseObject({ format: format.nullish(), verbosity: z.enum(['low', 'medium', 'high']).nullish() }),
    '`format` as `response_format` of a chat request',
  ),
  tools: honoured(toolListSchema, "the client's functions, custom tools and namespaces of these; all others are left out and named"),
  tool_choice: honoured(toolChoiceSchema, '`auto`, `none`, `required`, one function or custom tool, or `allowed_tools`'),
  store: honoured(z.boolean(), 'true by default: kept for 30 days; false: not to be read again as a response'),
  stream: honoured(z.boolean(), 'answer with server-sent events'),
  background: honoured(z.boolean(), 'answer at once; the work outlives the connection. Not with `store: false`'),
  stream_options: honoured(
    z.looseObject({ include_obfuscation: z.boolean().nullish().describe('ignored: events are never padded') }),
    'nothing in it has an effect',
  ),

  truncation: ignored('auto or disabled', 'what is too long is refused', is('disabled')),
  include: ignored('a list of texts', 'nothing more can be included'),
  max_tool_calls: ignored('a whole number', 'it is about tools that run at OpenAI'),
  context_management: ignored('a list', 'the conversation is sent as it is'),
  conversation: refused(z.unknown(), "use 'previous_response_id' or send the items", {}),
  prompt: refused(z.unknown(), 'there are no stored prompts', {}),

  messages: moved('input'),
  question: moved('input'),
  max_tokens: moved('max_output_tokens'),
  max_completion_tokens: moved('max_output_tokens'),
  reasoning_effort: moved('reasoning.effort'),
  verbosity: moved('text.verbosity'),
  response_format: moved('text.format'),
  functions: moved('tools'),
  function_call: moved('tool_choice'),
  wait_for_completion: moved('background'),
  n: refused(z.unknown(), 'a response has one answer', { nothing: is(1) }),
}

type ChatField = keyof typeof chatFields

/** Handed on to the chat request as they are. */
const sharedNames = (Object.keys(chatFields) as ChatField[]).filter((name) => !Object.hasOwn(ownFields, name))

type SharedName = Exclude<ChatField, keyof typeof ownFields>

export const sharedFields = Object.fromEntries(sharedNames.map((name) => [name, chatFields[name]])) as Pick<typeof chatFields, SharedName>
