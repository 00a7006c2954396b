import { test } from 'tap'
import { AnswerCache } from '../../src/http/answer-cache.js'

void test('each owner has answers of its own', async (t) => {
  const cache = new AnswerCache(60)
  const keyFor = (owner: string) => cache.keyOf({ owner, headers: {}, body: { model: 'sonnet', messages: [], temperature: 0 } })
  t.type(await keyFor('ann'), 'string')
  t.equal(await keyFor('ann'), await keyFor('ann'))
  t.not(await keyFor('bob'), await keyFor('ann'))
})
