import { test } from 'tap'
import { reuseKey } from '../../src/claude/pool/reuse-key.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'

const request: ClaudeRequest = {
  kind: 'claude',
  model: 'sonnet',
  system: [],
  turns: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
}

void test('a process belongs to its owner, and to one person behind it', async (t) => {
  const key = reuseKey('ann', 'profile', request)
  t.equal(reuseKey('ann', 'profile', { ...request, turns: [] }), key, 'whatever was said')
  t.not(reuseKey('bob', 'profile', request), key)
  t.not(reuseKey('anonymous', 'profile', request), key)
  t.not(reuseKey('ann', 'profile', { ...request, person: 'carl' }), key)
  t.not(reuseKey('ann', 'other profile', request), key)
})

void test('one prompt takes the place of another, but none does not', async (t) => {
  const first = reuseKey('ann', 'profile', { ...request, system: ['Be brief.'] })
  t.equal(reuseKey('ann', 'profile', { ...request, system: ['Be long.', 'Be kind.'] }), first)
  t.not(reuseKey('ann', 'profile', request), first)
  t.equal(reuseKey('ann', 'profile', { ...request, system: [''] }), reuseKey('ann', 'profile', request))
})
