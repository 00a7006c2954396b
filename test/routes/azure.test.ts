/** Azure's clients, and places that other servers have: what is taken, and what a 404 says to use. */
import { AzureOpenAI } from 'openai'
import t from 'tap'
import { startBridge } from '../helper.js'
import { message } from '../standin/index.js'
import { errorOf } from '../clients/openai.js'

const key = 'key-of-ann-0123456789'
const bridge = await startBridge(t, { env: { API_KEYS: `ann:${key}` } })
const { standin } = bridge
const options = { endpoint: bridge.url, apiVersion: '2024-10-21', maxRetries: 0 }
const messages = [{ role: 'user' as const, content: 'A-one' }]

await t.test('the official client, blocking and streamed', async (t) => {
  standin.when('A-one', message('yes'))
  const client = new AzureOpenAI({ ...options, apiKey: key })
  const answer = await client.chat.completions.create({ model: 'sonnet', messages })
  t.match(answer, { model: 'sonnet', choices: [{ message: { content: 'yes' } }] })
  let text = ''
  for await (const chunk of await client.chat.completions.create({ model: 'sonnet', messages, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? ''
  }
  t.equal(text, 'yes')
  const named = new AzureOpenAI({ ...options, apiKey: key, deployment: 'claude-sonnet-5-5' })
  t.equal((await named.chat.completions.create({ model: 'gpt-4o', messages })).model, 'claude-sonnet-5-5', 'the deployment decides')
  t.match(await errorOf(new AzureOpenAI({ ...options, apiKey: 'wrong' }).chat.completions.create({ model: 'sonnet', messages })), {
    status: 401,
  })
  t.match(await errorOf(client.chat.completions.create({ model: 'gpt-4o', messages })), { status: 404, code: 'model_not_found' })
})

await t.test('without a model in the body, and by /openai/v1', async (t) => {
  const headers = { 'api-key': key }
  const chat = await bridge.post('/openai/deployments/max%2Fmine/chat/completions?api-version=1', { messages }, headers)
  t.match([chat.status, await chat.json()], [200, { model: 'max/mine' }])
  const v1 = await bridge.post('/openai/v1/chat/completions', { model: 'sonnet', messages }, headers)
  t.equal(v1.status, 200)
  await v1.text()
  const response = await bridge.post('/openai/responses?api-version=preview', { model: 'sonnet', input: 'A-one' }, headers)
  t.match([response.status, await response.json()], [200, { object: 'response' }])
  t.equal((await bridge.get('/openai/v1/models', headers)).status, 200)
  t.equal((await bridge.get('/openai/models', headers)).status, 200)
  t.equal((await bridge.get('/openai/models')).status, 401)
  t.equal(
    (await bridge.get('/openai/models', { ...headers, authorization: 'Bearer wrong' })).status,
    401,
    'a bearer key is the one that counts',
  )
})

await t.test('a 404 says what to use', async (t) => {
  const cases: [method: string, path: string, said: RegExp][] = [
    ['POST', '/v1/files', /file_data/],
    ['GET', '/v1/batches/batch_1', /POST \/tasks/],
    ['POST', '/v1/assistants', /previous_response_id/],
    ['POST', '/v1/threads/x/runs', /previous_response_id/],
    ['POST', '/v1/embeddings', /no such model/],
    ['POST', '/v1/completions', /\/v1\/chat\/completions/],
    ['POST', '/v1/messages', /Anthropic/],
    ['POST', '/api/chat', /Ollama/],
    ['GET', '/v1/chat/completions', /Use POST\./],
    ['POST', '/v1/responses/compact', /POST \/v1\/responses/],
    ['GET', '/openai/deployments/x/embeddings', /no such model/],
    ['GET', '/nowhere', /^There is nothing at GET \/nowhere\.$/],
    ['GET', '/v1/constructor', /^There is nothing at GET \/v1\/constructor\.$/],
  ]
  for (const [method, path, said] of cases) {
    const response = await fetch(bridge.url + path, { method, headers: { authorization: `Bearer ${key}` } })
    const { error } = (await response.json()) as { error: { message: string; code: string } }
    t.match([response.status, error.code], [404, 'unknown_url'], path)
    t.match(error.message, said, path)
  }
})
