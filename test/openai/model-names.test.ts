/** Which names go to the CLI; whatever comes out becomes an argument of a process. */
import t from 'tap'
import { listModels } from '../../src/openai/out/models.js'
import { modelNotFound, resolveModel } from '../../src/request/model-names.js'
import { parse, refusal } from './parse.js'

const resolve = (name: string) => resolveModel(name, { claudeModel: 'the-default' })?.model ?? null

await t.test('names', async (t) => {
  const cases: Record<string, string | null> = {
    opus: 'opus',
    sonnet: 'sonnet',
    haiku: 'haiku',
    fable: 'fable',
    'sonnet[1m]': 'sonnet[1m]',
    SONNET: 'sonnet',
    'Claude-Opus-5-5': 'claude-opus-5-5',
    'claude-haiku-4-5-20251001': 'claude-haiku-4-5-20251001',
    'claude-3.5-sonnet': 'claude-3.5-sonnet',
    'claude-sonnet-5[1m]': 'claude-sonnet-5[1m]',
    'claude/opus': 'opus',
    'anthropic/claude-sonnet-5-5': 'claude-sonnet-5-5',
    'max/haiku': 'haiku',
    'max/claude-opus-5': 'claude-opus-5',
    max: 'the-default',
    'max/text-general': 'the-default',
    'max/Code Expert': null,
    'max/--dangerously-skip-permissions': 'the-default',
    'max/claude-opus-5 --x': null,
    'max/': null,
    'claude/': null,
    'claude-sonnet-4-5@20250929': 'claude-sonnet-4-5@20250929',
    'anthropic.claude-3-haiku-20240307-v1:0': 'anthropic.claude-3-haiku-20240307-v1:0',
    'max/us.anthropic.claude-opus-4-1-20250805-v1:0': 'us.anthropic.claude-opus-4-1-20250805-v1:0',
    'us-gov.anthropic.claude-sonnet-5': 'us-gov.anthropic.claude-sonnet-5',
    'global.anthropic.claude-sonnet-4-6[1m]': 'global.anthropic.claude-sonnet-4-6[1m]',
    'arn:aws:bedrock:us-east-2:123456789012:application-inference-profile/aB3x':
      'arn:aws:bedrock:us-east-2:123456789012:application-inference-profile/aB3x',
    'anthropic.titan-v1': null,
    'anthropic.claude-x --y': null,
    'arn:aws:s3:::bucket/x': null,
    'claude-sonnet@': null,
    'claude/unknown': null,
    'claude/max': null,
    'anthropic/claude/opus': null,
    '': null,
    'gpt-4o': null,
    'openai/gpt-4o': null,
    'claude-': null,
    'claude--x': null,
    'claude-opus[2m]': null,
    'claude-opus;ls': null,
    'claude-opus\n--x': null,
    'claude-opus\n': null,
    ' sonnet': null,
    'sonnet ': null,
    '--help': null,
    '-p': null,
    'claude/-p': null,
    'claude-ſonnet': null,
    '\u212Aclaude-opus': null,
    constructor: null,
    [`claude-${'a'.repeat(200)}`]: null,
    [`max/${'a'.repeat(200)}`]: null,
  }
  for (const [name, model] of Object.entries(cases)) t.equal(resolve(name), model, JSON.stringify(name).slice(0, 60))
})

await t.test('what comes out is the default, or safe as an argument', async (t) => {
  const words = ['claude', 'max', 'anthropic', 'opus', '[1m]', '--x']
  const pieces = [...words, '-', '/', ' ', '\n', '.', '5', '\u0000', "'", '"', '$']
  for (const a of pieces) {
    for (const b of pieces) {
      for (const c of pieces) {
        const model = resolve(a + b + c)
        if (model !== null && model !== 'the-default' && !/^[a-z][a-z0-9.-]*(\[1m\])?$/.test(model)) t.fail(model)
      }
    }
  }
})

await t.test('the list', async (t) => {
  const models = listModels({ claudeModel: 'sonnet', upstreams: [], aliases: new Map() })
  t.ok(models.length > 4)
  for (const model of models) {
    t.match(model, { object: 'model', created: Number, owned_by: 'anthropic' })
    t.ok(resolve(model.id), `${model.id} can be asked for`)
  }
  t.equal(new Set(models.map(({ id }) => id)).size, models.length)
})

await t.test('aliases', async (t) => {
  const aliases = new Map([
    ['gpt-4o', 'opus'],
    ['constructor-x', 'haiku'],
  ])
  const names = { claudeModel: 'sonnet', upstreams: [], aliases }
  t.strictSame(resolveModel('gpt-4o', names), { kind: 'claude', model: 'opus' })
  t.equal(resolveModel('GPT-4o', names), null, 'as it is written')
  t.equal(resolveModel('constructor', names), null)
  t.strictSame(
    listModels(names)
      .slice(-2)
      .map(({ id }) => id),
    ['gpt-4o', 'constructor-x'],
  )
  t.match(modelNotFound('x', [], aliases).message, /of this server's own: gpt-4o, constructor-x/)
})

await t.test('an unknown model', async (t) => {
  const failure = refusal(() => parse({ model: 'gpt-4o', question: 'q' }))
  t.match(failure, { code: 'model_not_found', param: 'model', message: /'gpt-4o'.*sonnet/ })
  t.ok(modelNotFound('x'.repeat(10_000)).message.length < 500)
  t.match(parse({ model: 'max/text-general', question: 'q' }), { model: 'max/text-general', run: { model: 'sonnet' } })
})
