import t from 'tap'
import { catalogue, type ErrorCode } from '../../src/errors/catalogue.js'
import { loginHint } from '../../src/claude/credential-hint.js'
import type { CredentialKind } from '../../src/claude/process/environment.js'
import { classify, type Symptoms } from '../../src/claude/turn/failure.js'

const nothing: Symptoms = {
  category: null,
  status: null,
  terminalReason: null,
  text: '',
  contentSeen: false,
  retryDelayMs: null,
  refusals: 0,
  limitResetsAt: null,
  model: 'claude-test',
  credential: 'login',
}

await t.test('the code follows from the fields', async (t) => {
  const table: [Partial<Symptoms>, ErrorCode][] = [
    // the CLI's categories
    [{ category: 'billing_error', status: 400 }, 'insufficient_quota'],
    [{ category: 'oauth_org_not_allowed', status: 403 }, 'upstream_forbidden'],
    [{ category: 'authentication_failed', status: null }, 'claude_not_authenticated'],
    [{ category: 'authentication_failed', status: 401 }, 'upstream_auth'],
    [{ category: 'authentication_failed', status: 403 }, 'upstream_forbidden'],
    [{ category: 'model_not_found', status: 404 }, 'model_not_found'],
    [{ category: 'rate_limit', status: 429 }, 'rate_limit_exceeded'],
    [{ category: 'rate_limit', status: 429, limitResetsAt: 4_000_000_000 }, 'insufficient_quota'],
    [{ category: 'overloaded', status: 529 }, 'server_is_overloaded'],
    [{ category: 'overloaded', status: null }, 'server_is_overloaded'],
    [{ category: 'invalid_request', status: 400 }, 'upstream_invalid_request'],
    [{ category: 'invalid_request', status: 400, terminalReason: 'prompt_too_long' }, 'context_length_exceeded'],
    [{ category: 'invalid_request', status: 413, terminalReason: 'image_error' }, 'request_too_large'],
    [{ category: 'server_error', status: 500 }, 'upstream_error'],
    [{ category: 'unknown', status: 400 }, 'upstream_invalid_request'],
    [{ category: 'never_heard_of', status: 418 }, 'upstream_invalid_request'],
    // the status alone
    [{ status: 400 }, 'upstream_invalid_request'],
    [{ status: 401 }, 'upstream_auth'],
    [{ status: 403 }, 'upstream_forbidden'],
    [{ status: 404 }, 'model_not_found'],
    [{ status: 413 }, 'request_too_large'],
    [{ status: 422 }, 'upstream_invalid_request'],
    [{ status: 429 }, 'rate_limit_exceeded'],
    [{ status: 500 }, 'upstream_error'],
    [{ status: 502 }, 'upstream_error'],
    [{ status: 503 }, 'server_is_overloaded'],
    [{ status: 504 }, 'upstream_timeout'],
    [{ status: 529 }, 'server_is_overloaded'],
    [{ category: 'server_error', status: 529 }, 'server_is_overloaded'],
    // no answer at all
    [{}, 'upstream_unreachable'],
    [{ category: 'server_error' }, 'upstream_unreachable'],
    [{ contentSeen: true }, 'upstream_interrupted'],
    [{ category: 'server_error', contentSeen: true }, 'upstream_interrupted'],
    [{ category: 'overloaded', contentSeen: true }, 'upstream_interrupted'],
    [{ status: 500, contentSeen: true }, 'upstream_interrupted'],
    [{ status: 504, contentSeen: true }, 'upstream_interrupted'],
    // what is the caller's to mend stays that
    [{ status: 429, contentSeen: true }, 'rate_limit_exceeded'],
    [{ status: 401, contentSeen: true }, 'upstream_auth'],
    [{ status: 400, contentSeen: true }, 'upstream_invalid_request'],
    // words decide nothing
    [{ status: 500, text: 'API Error: authentication token rate limit prompt is too long billing' }, 'upstream_error'],
    [{ text: 'API Error: 401 authentication_error' }, 'upstream_unreachable'],
  ]
  for (const [symptoms, code] of table) {
    const failure = classify({ ...nothing, ...symptoms })
    t.equal(failure.code, code, JSON.stringify(symptoms))
    t.ok(failure.message.length > 10 || failure.message === symptoms.text, failure.message)
    t.ok(catalogue[failure.code])
  }
})

await t.test('what the caller can do is said', async (t) => {
  const failure = (symptoms: Partial<Symptoms>) => classify({ ...nothing, ...symptoms })
  t.match(failure({ category: 'authentication_failed' }).message, loginHint)
  const refused = failure({ status: 401, text: 'API Error: invalid x-api-key' })
  t.match(refused.message, loginHint)
  t.match(refused.message, 'invalid x-api-key')
  t.match(failure({ status: 404 }), { param: 'model', message: /`claude-test`/ })
  t.match(failure({ status: 400, terminalReason: 'prompt_too_long', text: 'API Error: long' }), {
    param: 'messages',
    message: 'long',
  })
  t.equal(failure({ status: 500 }).message, "The model's API failed (500).")
  t.notMatch(failure({ status: 500, text: 'API Error: at /srv/secret/place from 10.1.2.3' }).message, /secret|10\.1/)
  t.notMatch(JSON.stringify(failure({ status: 500 })), /param|retryAfter/)
})

await t.test('the hint is about the credential in use', async (t) => {
  const cases: [credential: CredentialKind, names: RegExp, not: RegExp][] = [
    ['api_key', /ANTHROPIC_API_KEY/, /setup-token|auth login|OAUTH/],
    ['auth_token', /ANTHROPIC_AUTH_TOKEN/, /setup-token|auth login|API_KEY/],
    ['oauth_token', /setup-token.*CLAUDE_CODE_OAUTH_TOKEN/, /auth login|API_KEY/],
    ['login', /stored login.*auth login/, /the key in/],
    ['bedrock', /Amazon Bedrock/, /setup-token|auth login|API_KEY/],
    ['vertex', /Google Vertex AI/, /setup-token|auth login|API_KEY/],
  ]
  for (const [credential, names, not] of cases) {
    const refused = classify({ ...nothing, credential, category: 'authentication_failed', status: 401, text: 'API Error: 401 no such key' })
    t.equal(refused.code, 'upstream_auth')
    t.match(refused.message, names)
    t.notMatch(refused.message, not)
    const none = classify({ ...nothing, credential, category: 'authentication_failed' })
    t.equal(none.code, 'claude_not_authenticated')
    if (credential !== 'login') t.match(none.message, names)
    t.notMatch(none.message, credential === 'login' ? /the key in/ : not)
  }
})

await t.test('an API without words leaves no empty place', async (t) => {
  for (const text of ['', ' ', 'API Error: 401', 'API Error: 401 ', 'API Error: 401: ', 'Failed to authenticate. API Error: 401 ']) {
    const { message } = classify({ ...nothing, category: 'authentication_failed', status: 401, text })
    t.match(message, /stored login \(401, authentication_failed\)\. /, text)
  }
  for (const text of ['', 'API Error: 500', 'API Error: 500 ']) {
    t.equal(classify({ ...nothing, status: 500, text }).message, "The model's API failed (500).", text)
  }
  t.match(classify({ ...nothing, text: '' }).message, /gave no answer\.$/)
})

await t.test('when to come back', async (t) => {
  const table: [Partial<Symptoms>, number | undefined][] = [
    [{ status: 429 }, 61],
    [{ status: 429, retryDelayMs: 5000 }, 5],
    [{ status: 429, retryDelayMs: 5600 }, 6],
    [{ status: 429, retryDelayMs: 72_000 }, 60],
    [{ status: 429, retryDelayMs: 10 }, 1],
    [{ status: 529 }, 5],
    [{ status: 529, retryDelayMs: 1500 }, 2],
    [{ status: 503, retryDelayMs: 100 }, 1],
    [{ status: 500, retryDelayMs: 3000 }, undefined],
    [{ status: 401, retryDelayMs: 3000 }, undefined],
    [{ retryDelayMs: 3000 }, undefined],
  ]
  for (const [symptoms, seconds] of table) {
    t.equal(classify({ ...nothing, ...symptoms }).retryAfter, seconds, JSON.stringify(symptoms))
  }
  const inAMinute = Math.floor(Date.now() / 1000) + 60
  const limited = classify({ ...nothing, category: 'rate_limit', status: 429, limitResetsAt: inAMinute })
  t.ok(limited.retryAfter! > 55 && limited.retryAfter! <= 60, 'when the subscription opens again')
  t.equal(classify({ ...nothing, category: 'rate_limit', status: 429, limitResetsAt: 1 }).retryAfter, 1, 'not in the past')
  for (const other of [{ status: 400 }, { status: 500 }, { contentSeen: true }, { category: 'authentication_failed', status: 401 }]) {
    const failure = classify({ ...nothing, ...other, limitResetsAt: inAMinute })
    t.equal(failure.retryAfter, undefined, `a limit that did not end the run: ${JSON.stringify(other)}`)
  }
})
