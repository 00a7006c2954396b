/** Options that a model does not take are taken out, and named. */
import t from 'tap'
import { fitOptions, fitSampling } from '../../src/request/fit-options.js'
import { aliasModelsOf } from '../../src/claude/process/alias-models.js'
import { createIgnored } from '../../src/request/ignored.js'
import { takesOf } from '../../src/request/model-families.js'

type Options = Parameters<typeof fitOptions>[0]

const tools: Options['tools'] = [{ name: 'f', description: '', parameters: {} }]
const other: NonNullable<Options['tools']> = [{ name: 'g', description: '', parameters: {} }]
const output: Options['output'] = { name: 'x', schema: { type: 'object' } }

const cases: [name: string, asked: Options, gives: Options, named: string[]][] = [
  ['a forced call', { model: 'opus', tools, toolChoice: 'required' }, { model: 'opus', tools }, ['tool_choice']],
  [
    'a named call',
    { model: 'claude-fable-5-2', tools: [...tools, ...other], toolChoice: { name: 'f' } },
    { model: 'claude-fable-5-2', tools },
    ['tool_choice'],
  ],
  ['no call', { model: 'sonnet', tools, toolChoice: 'none' }, { model: 'sonnet', tools, toolChoice: 'none' }, []],
  ['no call and JSON', { model: 'sonnet', tools, toolChoice: 'none', output }, { model: 'sonnet', output }, []],
  ['no thinking', { model: 'haiku', effort: 'none' }, { model: 'haiku', effort: 'low' }, ['reasoning_effort']],
  ['a title', { model: 'sonnet', maxTokens: 16 }, { model: 'sonnet', maxTokens: 16, effort: 'low' }, []],
  ['a title with an effort', { model: 'sonnet', maxTokens: 16, effort: 'high' }, { model: 'sonnet', maxTokens: 16, effort: 'high' }, []],
  ['a long answer', { model: 'sonnet', maxTokens: 4000 }, { model: 'sonnet', maxTokens: 4000 }, []],
  [
    'effort without thinking',
    { model: 'claude-opus-5', tools, toolChoice: 'required', effort: 'max' },
    { model: 'claude-opus-5', tools, toolChoice: 'required', effort: 'high' },
    ['reasoning_effort'],
  ],
  [
    'a model that takes it',
    { model: 'claude-sonnet-4-6', tools, toolChoice: 'required', effort: 'none' },
    { model: 'claude-sonnet-4-6', tools, toolChoice: 'required', effort: 'none' },
    [],
  ],
  [
    'a level of a model without levels',
    { model: 'claude-haiku-4-5', effort: 'xhigh' },
    { model: 'claude-haiku-4-5' },
    ['reasoning_effort'],
  ],
  ['no thinking there', { model: 'claude-3-opus-20240229', effort: 'none' }, { model: 'claude-3-opus-20240229', effort: 'none' }, []],
  ['a level too high', { model: 'claude-opus-4-5', effort: 'max' }, { model: 'claude-opus-4-5', effort: 'high' }, ['reasoning_effort']],
  [
    'a level between',
    { model: 'claude-sonnet-4-6', effort: 'xhigh' },
    { model: 'claude-sonnet-4-6', effort: 'high' },
    ['reasoning_effort'],
  ],
  ['the highest', { model: 'claude-sonnet-4-6', effort: 'max' }, { model: 'claude-sonnet-4-6', effort: 'max' }, []],
  ['a level that it has', { model: 'claude-opus-4-5', effort: 'low' }, { model: 'claude-opus-4-5', effort: 'low' }, []],
  [
    'a retired one, for which the CLI asks another',
    { model: 'claude-opus-4-1', tools, toolChoice: 'required', effort: 'none' },
    { model: 'claude-opus-4-1', tools, effort: 'low' },
    ['tool_choice', 'reasoning_effort'],
  ],
  [
    'an unknown one',
    { model: 'claude-next-9', tools, toolChoice: 'required' },
    { model: 'claude-next-9', tools, toolChoice: 'required' },
    [],
  ],
]
for (const [name, asked, gives, named] of cases) {
  const ignored = createIgnored()
  const run = { ...asked }
  fitOptions(run, ignored)
  t.strictSame([run, ignored.names()], [gives, named], name)
}

const sampled: [name: string, run: Options, asked: object, sampling: Options['sampling'], named: string[]][] = [
  [
    'without thinking',
    { model: 'claude-sonnet-4-20250514', effort: 'none' },
    { temperature: 0.2, top_p: 0.9 },
    { temperature: 0.2, topP: 0.9 },
    [],
  ],
  ['either of the two', { model: 'claude-sonnet-4-6', effort: 'none' }, { temperature: 0.2, top_p: 0.9 }, { temperature: 0.2 }, ['top_p']],
  ['the other alone', { model: 'claude-sonnet-4-6', effort: 'none' }, { top_p: 0.9 }, { topP: 0.9 }, []],
  ['a short answer', { model: 'claude-haiku-4-5-20251001', maxTokens: 100 }, { temperature: 0 }, { temperature: 0 }, []],
  [
    'more than the API takes',
    { model: 'claude-sonnet-4-6', effort: 'none' },
    { temperature: 1.5, top_p: 0.5 },
    { topP: 0.5 },
    ['temperature'],
  ],
  ['with thinking', { model: 'claude-sonnet-4-6' }, { temperature: 0.2 }, undefined, ['temperature']],
  ['a model that takes none', { model: 'claude-opus-4-8', effort: 'none' }, { temperature: 0.2 }, undefined, ['temperature']],
  ['one that always thinks', { model: 'sonnet', effort: 'low' }, { top_p: 0.2 }, undefined, ['top_p']],
]
for (const [name, asked, fields, sampling, named] of sampled) {
  const ignored = createIgnored(Object.keys(fields))
  const run = { ...asked }
  fitSampling(run, fields, ignored)
  t.strictSame([run.sampling, ignored.names()], [sampling, named], `sampling: ${name}`)
}

const withoutThinking: Record<string, boolean | undefined> = {
  sonnet: false,
  'opus[1m]': false,
  'claude-3-5-haiku-20241022': true,
  'claude-sonnet-4-20250514': true,
  'claude-sonnet-4-5-20250929': true,
  'claude-sonnet-4-5@20250929': true,
  'us.anthropic.claude-opus-4-1-20250805-v1:0': true,
  'eu.anthropic.claude-sonnet-5-5': false,
  'anthropic.claude-fable-5-2': false,
  'global.anthropic.claude-haiku-4-5-20251001-v1:0': true,
  'us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0[1m]': true,
  'claude-opus-4-8@default': true,
  'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0': true,
  'arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-sonnet-5-5': false,
  'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3': undefined,
  'claude-opus-4-8': true,
  'claude-opus-4-1-20250805': false,
  'claude-opus-4-0[1m]': false,
  'claude-opus-4-1@20250805': true,
  'claude-sonnet-4.5': true,
  'claude-3.5-sonnet': true,
  'claude-opus-5.5': false,
  'claude-opus-5': true,
  'claude-opus-6': undefined,
  constructor: undefined,
}
for (const [model, expected] of Object.entries(withoutThinking)) t.equal(takesOf(model)?.withoutThinking, expected, model)

const bedrock = aliasModelsOf({
  CLAUDE_CODE_USE_BEDROCK: '1',
  ANTHROPIC_DEFAULT_SONNET_MODEL: 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
})
t.equal(takesOf('sonnet', bedrock)?.withoutThinking, true, 'by the setting')
t.equal(takesOf('sonnet[1m]', bedrock)?.withoutThinking, true)
t.equal(takesOf('opus', bedrock), null, 'what another cloud makes of an alias is not known')
t.equal(takesOf('claude-opus-4-1', bedrock)?.withoutThinking, true, 'no other model is asked there')
t.equal(takesOf('claude-opus-5-5', bedrock)?.withoutThinking, false, 'a full name is what it is')
const own = aliasModelsOf({ ANTHROPIC_DEFAULT_OPUS_MODEL: 'claude-opus-4-8', ANTHROPIC_DEFAULT_HAIKU_MODEL: ' ' })
t.equal(takesOf('opus', own)?.withoutThinking, true)
t.equal(takesOf('haiku', own)?.withoutThinking, false)
