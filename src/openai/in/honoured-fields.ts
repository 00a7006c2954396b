/**
 * Every field of a chat request that is known, OpenAI's and the bridge's own, and what is done with it: honoured,
 * refused or named as ignored. A field that is not here is named as ignored. The request's schema, the check of a
 * request and the table in the documentation all come from here.
 */
import { z } from 'zod'
import type { ErrorCode } from '../../errors/catalogue.js'
import { overZero, whole } from '../../errors/number-words.js'
import { isEmptyField } from '../../request/is-nothing.js'
import { retryConfigSchema, thresholdSchema } from '../../validation/parsing.js'
import { messageSchema, textParts as systemParts } from './message-schemas.js'
import { responseFormatSchema } from './response-format.js'
import { functionCallSchema, functionsSchema, toolChoiceSchema, toolsSchema } from './tool-schemas.js'

export interface Rule {
  does: 'honoured' | 'refused' | 'ignored'
  /** for people: what it does, or why not */
  note: string
  /** Values that change nothing: they are neither refused nor named. Null is one for every field. */
  nothing?: (value: unknown) => boolean
  /** Values of a refused field that are named as ignored instead. */
  ignored?: (value: unknown) => boolean
  /**
   * Of a refusal: `unsupported_parameter` where the whole field is unknown here, `unsupported_value` for some values.
   */
  code?: Extract<ErrorCode, 'unsupported_parameter' | 'unsupported_value'>
  /** Of a refusal: the member at fault, if it is inside the field. */
  param?: string
}

export const honoured = <S extends z.ZodType>(schema: S, note: string) => emptied(schema, { does: 'honoured', note })

/** Of these an empty value says something, or the request is nothing without them. */
export const honouredAsIs = <S extends z.ZodType>(schema: S, note: string) => field(schema, { does: 'honoured', note })

/** What has no effect is named whatever its value: `usual` is for the reader of the document alone. */
export const ignored = (usual: string, note: string, nothing?: Rule['nothing']) =>
  emptied(z.unknown(), { does: 'ignored', note: `${note}; usually ${usual}`, ...(nothing && { nothing }) })

export const refused = <S extends z.ZodType>(schema: S, note: string, more: Omit<Rule, 'does' | 'note'>) =>
  // an empty object may ask for the whole thing (`web_search_options: {}`)
  emptied(schema, { does: 'refused', note, ...more }, (value) => isEmptyField(value) && (typeof value !== 'object' || Array.isArray(value)))

/** Null counts as absent, as in OpenAI's reference for most fields. */
function field<S extends z.ZodType>(schema: S, rule: Rule) {
  const description = rule.does === 'honoured' ? rule.note : `${rule.does}: ${rule.note}`
  return { ...rule, schema: schema.nullish().describe(description) }
}

/** The same where an empty value is none. */
function emptied<S extends z.ZodType>(schema: S, rule: Rule, isEmpty = isEmptyField) {
  const made = field(schema, rule)
  return { ...made, schema: z.preprocess((value) => (isEmpty(value) ? undefined : value), made.schema) }
}

export const is =
  (...values: unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value)

const object = z.looseObject({})
const positive = z.int(whole(1)).positive()

const noSampling = 'not passed to the model'
const cache = 'prompts are cached by the CLI itself'

export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const

export const fields = {
  messages: honouredAsIs(z.array(messageSchema).min(1), 'the conversation; this or `question` is required'),
  system: honoured(z.union([z.string(), systemParts]), "Anthropic's: a text or text parts that go in front of the system messages"),
  question: honoured(z.string().regex(/\S/, 'it must not be empty'), 'short for one user message, if `messages` is absent'),
  stream: honoured(z.boolean(), 'answer with server-sent events'),
  stream_options: honoured(
    z.looseObject({
      include_usage: z.boolean().nullish().describe('one more chunk at the end with the usage'),
      include_obfuscation: z.boolean().nullish().describe('ignored: chunks are never padded'),
    }),
    'only with `stream: true`',
  ),
  n: honoured(z.int(whole(1, 8)).min(1).max(128), 'number of answers, 1 to 8; each is a run of its own'),
  stop: honoured(
    z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(4)]),
    '1 to 4 texts that end the answer; they are no part of it',
  ),
  max_completion_tokens: honoured(positive, 'limit of tokens of one answer, reasoning included'),
  max_tokens: honoured(positive, 'former name of `max_completion_tokens`, which wins'),
  reasoning_effort: honoured(z.enum(efforts), '`minimal` is `low`, `none` switches thinking off'),
  response_format: honoured(
    responseFormatSchema,
    '`json_schema` and `json_object`: the answer is JSON that satisfies the schema, or the request fails',
  ),
  metadata: honoured(
    z
      .record(z.string().max(64, 'a key may have at most 64 characters'), z.string().max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, 'expected at most 16 pairs')
      .meta({ maxProperties: 16 }),
    'up to 16 pairs of text, kept with the task and sent back',
  ),
  store: honoured(z.boolean(), 'keep the task readable for longer'),
  user: honoured(z.string().max(512), 'a label of the task'),
  safety_identifier: honoured(z.string().max(64), 'a label of the task, if `user` is absent'),
  max_cost_usd: honoured(
    z.number(overZero).positive(),
    'US dollars the job may cost: looked at between calls of the API, none of which is cut',
  ),
  timeout: honoured(z.number(overZero).positive(), "seconds the job may run, if less than the server's limit"),
  background: honoured(z.boolean(), 'answer at once with the task, which outlives the connection'),
  wait_for_completion: honoured(z.boolean(), 'false is `background: true`'),

  tools: honoured(toolsSchema, 'functions offered to the model; calls of them end the answer, nothing is run here'),
  tool_choice: honoured(toolChoiceSchema, '`none`, `auto`, `required`, one function, or `allowed_tools`'),
  parallel_tool_calls: honoured(z.boolean(), 'false: at most one call in an answer'),
  functions: honoured(functionsSchema, "OpenAI's former name of `tools`; the answer then has `function_call`"),
  function_call: honoured(functionCallSchema, "OpenAI's former name of `tool_choice`"),
  logprobs: refused(z.boolean(), 'the model does not tell them', { nothing: is(false) }),
  top_logprobs: refused(z.int(whole(0, 20)).min(0).max(20), 'the model does not tell them', { nothing: is(0) }),
  audio: refused(object, 'the answer is always text', {}),
  modalities: refused(z.array(z.string()), 'the answer is always text', {
    nothing: (value) => (value as string[]).every((modality) => modality === 'text'),
    code: 'unsupported_value',
  }),
  web_search_options: refused(object, 'there is no web search', {}),
  moderation: refused(object, 'there is no moderation of requests and answers', {}),
  prediction: ignored('an object', 'it would only save time'),

  temperature: ignored('a number from 0 to 2', noSampling, is(1)),
  top_p: ignored('a number from 0 to 1', noSampling, is(1)),
  top_k: ignored('a number', noSampling),
  seed: ignored('a whole number', noSampling),
  frequency_penalty: ignored('a number from -2 to 2', noSampling, is(0)),
  presence_penalty: ignored('a number from -2 to 2', noSampling, is(0)),
  logit_bias: ignored('an object', noSampling),
  verbosity: ignored('low, medium or high', noSampling, is('medium')),
  service_tier: honoured(z.string(), 'there is one tier, `default`, and the answer says so'),
  prompt_cache_key: honoured(z.string(), 'a hint that needs nothing done: the CLI has every prompt cached'),
  prompt_cache_retention: ignored('a text', cache),
  prompt_cache_options: ignored('an object', cache),

  mcp_config: honoured(object, 'MCP servers of the request: `{"mcpServers": {…}}`; the server decides which may run'),
  mcp_servers: honoured(
    z.union([z.array(z.string()), object]),
    "names of servers in this server's registry, or servers as in `mcp_config.mcpServers`",
  ),
  allowed_tools: honouredAsIs(
    z.array(z.string().max(256)).max(256),
    'narrows the tools: `mcp__server`, `mcp__server__tool`; adds the file tools `Read`, `Write`, `Edit`, `Glob`, `Grep` in the workspace',
  ),
  validation: honoured(z.array(z.unknown()), 'checks that the answer has to pass, see validation.md'),
  retry_config: honoured(retryConfigSchema, 'how often an answer that does not pass, or a call that fails, is made again'),
  max_attempts_before_tool_use: honoured(thresholdSchema, 'failed attempts after which the tool is there; also in `retry_config`'),
  max_attempts_before_human: honoured(thresholdSchema, 'failed attempts after which a human decides; also in `retry_config`'),
  default_validate: honoured(z.boolean(), 'true: without `validation` the answer must not be empty'),
  debug_tool_name: honoured(z.string(), 'the name of the tool, for the model'),
  debug_tool_mcp_config: honoured(object, 'the MCP servers of the tool, there from the threshold on and never before'),
  original_user_prompt: honoured(z.string(), 'what feedback and validators quote as the request; left out: the last user message'),
  webhook_url: honoured(z.string().max(2048), 'an http(s) URL that is called when the task ends or needs review'),
  fallbacks: honouredAsIs(z.array(z.string().min(1)).max(8), 'models that are asked in turn where one is overloaded or out of reach'),
}

/** The one field that has to be there, and so is no row of the table. */
export const model = z.string().min(1).describe('what `GET /v1/models` lists, or a full name of a Claude model')
