/** Claude's models of other clouds: the real CLI reaches them with what their users set for it. */
import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import t, { type Test } from 'tap'
import { ask, startBridge } from '../helper.js'
import { message } from '../standin/index.js'

interface Asked {
  path: string
  headers: IncomingMessage['headers']
}

interface CloudApi {
  url: string
  asked: Asked[]
  /** statuses of the next calls for a stream, in place of an answer */
  refusals: number[]
  /** where its calls go to be answered */
  standinUrl: string
}

/** An API whose path names the model, in front of the stand-in. `framed`: by the frames of Bedrock, not by server-sent events. */
async function cloudApi(t: Test): Promise<CloudApi> {
  const server = createServer((request, response) => void answer(api, request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const api: CloudApi = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [], refusals: [], standinUrl: '' }
  return api
}

async function answer(api: CloudApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '', headers } = request
  if (method !== 'POST') return void response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
  const body = (await json(request)) as Record<string, unknown>
  api.asked.push({ path: decodeURIComponent(url), headers })
  const refusal = /stream|messages/i.test(url) ? api.refusals.shift() : undefined
  if (refusal !== undefined) {
    const words = JSON.stringify({ message: 'The security token included in the request is expired' })
    return void response.writeHead(refusal, { 'content-type': 'application/json' }).end(words)
  }
  // these stand in headers where the API is Anthropic's
  const others = Object.entries(body).filter(([name]) => !['anthropic_version', 'anthropic_beta'].includes(name))
  const asked = { model: 'of-the-path', ...Object.fromEntries(others), stream: true }
  const upstream = await fetch(`${api.standinUrl}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': 'of-the-test' },
    body: JSON.stringify(asked),
  })
  const text = await upstream.text()
  const framed = url.includes('/invoke-with-response-stream')
  if (upstream.status !== 200 || !framed) {
    return void response.writeHead(upstream.status, { 'content-type': upstream.headers.get('content-type')! }).end(text)
  }
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' })
  for (const [, data] of text.matchAll(/^data: (.*)$/gm)) response.write(frame(data!))
  response.end()
}

/** One message of Amazon's event stream encoding: lengths, headers, payload, each part with its CRC32. */
function frame(event: string): Buffer {
  const header = (name: string, value: string) => {
    const sizes = Buffer.from([name.length])
    const length = Buffer.alloc(3)
    length[0] = 7
    length.writeUInt16BE(value.length, 1)
    return Buffer.concat([sizes, Buffer.from(name), length, Buffer.from(value)])
  }
  const headers = Buffer.concat([
    header(':event-type', 'chunk'),
    header(':content-type', 'application/json'),
    header(':message-type', 'event'),
  ])
  const payload = Buffer.from(JSON.stringify({ bytes: Buffer.from(event).toString('base64') }))
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(headers.length + payload.length + 16, 0)
  prelude.writeUInt32BE(headers.length, 4)
  const sum = (bytes: Buffer) => {
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(bytes), 0)
    return checksum
  }
  const most = Buffer.concat([prelude, sum(prelude), headers, payload])
  return Buffer.concat([most, sum(most)])
}

interface Way {
  name: string
  kind: string
  env: (url: string) => Record<string, string>
  model: string
  path: RegExp
  authorization: RegExp
}

const ways: Way[] = [
  {
    name: 'Vertex',
    kind: 'vertex',
    env: (url) => ({
      CLAUDE_CODE_USE_VERTEX: '1',
      CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
      ANTHROPIC_VERTEX_BASE_URL: url,
      ANTHROPIC_VERTEX_PROJECT_ID: 'a-project',
      CLOUD_ML_REGION: 'us-east5',
    }),
    model: 'claude-sonnet-4-5@20250929',
    path: /\/projects\/a-project\/locations\/us-east5\/publishers\/anthropic\/models\/claude-sonnet-4-5@20250929:streamRawPredict/,
    authorization: /^$/,
  },
  {
    name: 'Bedrock',
    kind: 'bedrock',
    env: (url) => ({
      CLAUDE_CODE_USE_BEDROCK: 'true',
      ANTHROPIC_BEDROCK_BASE_URL: url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIA-of-the-test',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-test',
    }),
    model: 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
    path: /\/model\/eu\.anthropic\.claude-sonnet-4-5-20250929-v1:0\/invoke-with-response-stream/,
    authorization: /^AWS4-HMAC-SHA256 Credential=AKIA-of-the-test/,
  },
  {
    name: 'Foundry',
    kind: 'foundry',
    env: (url) => ({ CLAUDE_CODE_USE_FOUNDRY: '1', ANTHROPIC_FOUNDRY_BASE_URL: url, ANTHROPIC_FOUNDRY_API_KEY: 'key-of-the-test' }),
    model: 'claude-sonnet-4-5',
    path: /\/v1\/messages/,
    authorization: /^$/,
  },
]

for (const { name, kind, env, model, path, authorization } of ways) {
  await t.test(name, async (t) => {
    const api = await cloudApi(t)
    const bridge = await startBridge(t, {
      env: { ANTHROPIC_API_KEY: '', ANTHROPIC_BASE_URL: '', ...env(api.url), WARM_PROCESSES: '1' },
    })
    api.standinUrl = bridge.standin.url
    bridge.standin.when('C-cloud', message('from the cloud'))
    for (const question of ['C-cloud first', 'C-cloud second']) {
      const response = await bridge.post('/v1/chat/completions', ask(question, { model }))
      t.equal(response.status, 200, question)
      t.match(await response.json(), { choices: [{ message: { content: 'from the cloud' } }] })
    }
    const streamed = await (await bridge.post('/v1/chat/completions', ask('C-cloud third', { model, stream: true }))).text()
    t.match(streamed, /"content":" cloud"/)
    t.match(api.asked.at(-1)!.path, path)
    t.match(api.asked.at(-1)!.headers.authorization ?? '', authorization)
    // the CLI looks for other credentials of AWS then
    api.refusals = [kind === 'bedrock' ? 403 : 401]
    const renewed = await bridge.post('/v1/chat/completions', ask('C-cloud fourth', { model }))
    t.equal(renewed.status, 200)
    t.match(await renewed.text(), /from the cloud/)
    api.refusals = Array.from({ length: 20 }, () => 403)
    const refused = await bridge.post('/v1/chat/completions', ask('C-cloud fifth', { model }))
    t.equal(refused.status, 403)
    t.match(await refused.json(), { error: { code: 'upstream_forbidden', message: /security token included in the request is expired/ } })
    api.refusals = []
    t.match(await (await bridge.get('/health')).json(), { claude: { auth_status: kind } })
    t.notMatch(bridge.logs.join(''), /secret-of-the-test|key-of-the-test/)
  })
}
