/** A stored request is read back whole: a member that the schema of `stored.ts` does not name would be lost with the next start of the server. */
import t from 'tap'
import type { ClaudeRequest } from '../../src/request/conversation.js'
import type { CheckedRequest, JobRequest } from '../../src/request/job-request.js'
import type { AttemptPlan } from '../../src/request/plan.js'
import { readStored, requestFormat } from '../../src/request/stored.js'
import type { FallbackRequest, UpstreamRequest } from '../../src/request/upstream-request.js'

/** The compiler asks for each member. */
const claude: Required<ClaudeRequest> = {
  ...{ kind: 'claude', model: 'opus', system: ['be brief'], turns: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] },
  ...{ depth: 1, stop: ['END'], maxTokens: 9, effort: 'low', toolChoice: { name: 'f' }, parallelToolCalls: false },
  tools: [{ name: 'f', description: 'does', parameters: { type: 'object' }, custom: true }],
  sampling: { temperature: 0.5, topP: 0.9 },
  output: { name: 'place', description: 'a place', schema: { type: 'object' } },
  inside: {
    servers: [{ name: 'files', from: 'registry', entry: 'filesystem', tools: ['read'], withheld: ['write'] }],
    fileTools: ['Read'],
  },
  ...{ person: 'ann', clientRetries: true, response: { id: 'x' } },
}
const upstream: Required<UpstreamRequest> = {
  kind: 'upstream',
  provider: 'acme',
  model: 'm',
  text: '{"n":1.0}',
  added: [{ role: 'user' }],
  depth: 1,
}
const fallbacks: Required<FallbackRequest> = {
  kind: 'fallbacks',
  candidates: [
    { name: 'opus', run: claude },
    { name: 'acme/m', run: upstream },
  ],
  depth: 1,
}
const plan: Required<AttemptPlan> = {
  checks: [{ type: 'length', alias: 'size', params: { min: 1 } }],
  ...{ maxAttempts: 3, initialDelayS: 1, backoffFactor: 2, maxDelayS: 9, jitter: 0.1, toolAfter: 1, humanAfter: 2 },
  ...{ tool: { name: 'debug', request: { inside: null } }, originalPrompt: 'hi', originalRequest: [{ role: 'user' }] },
}
const checked: Required<CheckedRequest> = { kind: 'checked', inner: fallbacks, plan }

await t.test('every member of every kind', async (t) => {
  for (const request of [claude, upstream, fallbacks, checked] satisfies JobRequest[]) {
    t.strictSame(readStored(requestFormat, JSON.parse(JSON.stringify(request))), request, request.kind)
  }
})

await t.test('what no version up to this one has written', async (t) => {
  t.equal(readStored(requestFormat + 1, claude), null, 'a newer format')
  t.equal(readStored(requestFormat, { ...claude, turns: 'hi' }), null)
  t.strictSame(readStored(1, { kind: 'upstream', provider: 'acme', model: 'm', body: { a: 1 } }), {
    ...{ kind: 'upstream', provider: 'acme', model: 'm', text: '{"a":1}' },
  })
})
