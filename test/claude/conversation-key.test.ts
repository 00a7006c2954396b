import { test } from 'tap'
import { conversationKey } from '../../src/claude/pool/conversation-key.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'

const request: ClaudeRequest = {
  kind: 'claude',
  model: 'sonnet',
  system: [],
  turns: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
}

void test('a conversation belongs to its owner', async (t) => {
  const key = conversationKey('ann', 'profile', request, request.turns)
  t.equal(conversationKey('ann', 'profile', request, request.turns), key)
  t.not(conversationKey('bob', 'profile', request, request.turns), key)
  t.not(conversationKey('anonymous', 'profile', request, request.turns), key)
})
