import { test } from 'tap'
import { AnswerCache } from '../../src/http/answer-cache.js'

void test('each owner has answers of its own', async (t) => {
  const cache = new AnswerCache(60)
  const keyFor = (owner: string) => cache.keyOf({ owner, headers: {}, body: { model: 'sonnet', messages: [], temperature: 0 } })
  t.type(keyFor('ann'), 'string')
  t.equal(keyFor('ann'), keyFor('ann'))
  t.not(keyFor('bob'), keyFor('ann'))
})
