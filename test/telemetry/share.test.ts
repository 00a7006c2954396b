/** The bridge's own share has no wait for others in it, and without an endpoint a client's trace is passed on as it came. */
import { request as httpRequest } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Waits } from '../../src/jobs/waits.js'
import type { Completion } from '../../src/openai/out/response-schemas.js'
import { traceContextOf } from '../../src/request/trace-context.js'
import { askedContent } from '../../src/telemetry/content.js'
import { ask, startBridge } from '../helper.js'
import { answer, startProvider } from '../upstreams/provider.js'

t.setTimeout(120_000)
const provider = await startProvider(t)
const providers = { acme: { base_url: provider.url, models: ['big-model'], max_concurrent: 1 } }
const bridge = await startBridge(t, { env: { UPSTREAMS: JSON.stringify(providers) } })
const chat = '/v1/chat/completions'
const asked = (marker: string, more = {}) => ({ ...ask(marker, more), model: 'acme/big-model' })
const traceparent = `00-${'a'.repeat(32)}-b7ad6b7169203331-01`
const holdMs = 1500

/** Milliseconds that the client has waited, and those that the answer says of the bridge. */
async function share(post: () => Promise<Response>): Promise<{ whole: number; own: number }> {
  const from = performance.now()
  const response = await post()
  const { bridge: said } = (await response.json()) as Completion
  const whole = performance.now() - from
  t.equal(response.headers.get('x-bridge-overhead-ms'), String(said.overhead_ms))
  return { whole, own: said.overhead_ms! }
}

await t.test('what others take is not in it', async (t) => {
  const slow = async (response: Parameters<ReturnType<typeof answer>>[0], one: Parameters<ReturnType<typeof answer>>[1]) => {
    await sleep(holdMs)
    await answer('said')(response, one)
  }
  provider.when('S-slow', slow)
  const [first, second] = await Promise.all([1, 2].map(() => share(() => bridge.post(chat, asked('S-slow')))))
  // times are rounded to milliseconds
  t.ok(first!.own <= first!.whole - holdMs + 2, 'the provider')
  t.ok(second!.own <= second!.whole - 2 * holdMs + 2, 'the provider, and the wait for a place')

  provider.when('S-pause', answer('no JSON'), answer('{"a":1}'))
  const checks = { validation: [{ type: 'json_string' }], retry_config: { max_attempts: 2, initial_delay: holdMs / 1000, jitter: 0 } }
  const paused = await share(() => bridge.post(chat, asked('S-pause', checks)))
  t.ok(paused.own <= paused.whole - holdMs + 2, 'the pause between two attempts')

  provider.when('S-body', answer('said'))
  const body = JSON.stringify(asked('S-body'))
  const sent = await share(
    () =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
        const outgoing = httpRequest(bridge.url + chat, { method: 'POST', headers }, (incoming) => {
          json(incoming).then((value) => resolve(Response.json(value, { headers: incoming.headers as Record<string, string> })), reject)
        })
        outgoing.on('error', reject)
        outgoing.write(body.slice(0, 10))
        setTimeout(() => outgoing.end(body.slice(10)), holdMs)
      }),
  )
  t.ok(sent.own <= sent.whole - holdMs + 2, 'a client that sends its body slowly')
})

await t.test('waits of several runs at once count once', async (t) => {
  const waits = new Waits()
  const [one, other] = [waits.begin(), waits.begin()]
  await sleep(30)
  one()
  one()
  const between = waits.ms
  await sleep(10)
  t.ok(waits.ms > between, 'the other one still waits')
  other()
  const { ms } = waits
  await sleep(10)
  t.equal(waits.ms, ms, 'nobody waits')
  waits.add(5)
  waits.add(-5)
  t.equal(waits.ms, ms + 5)
  await t.rejects(waits.during(Promise.reject(new Error('no'))))
})

await t.test('without an endpoint', async (t) => {
  provider.when('S-pass', answer('said'))
  const told = async (headers: Record<string, string>) => {
    t.equal((await bridge.post(chat, asked('S-pass'), headers)).status, 200)
    const { traceparent: given, tracestate } = provider.of('S-pass').at(-1)!.headers
    return [given, tracestate]
  }
  t.strictSame(await told({ traceparent, tracestate: 'a=1,b=2' }), [traceparent, 'a=1,b=2'])
  t.strictSame(await told({ traceparent }), [traceparent, undefined])
  t.strictSame(await told({ traceparent: 'nonsense', tracestate: 'a=1' }), [undefined, undefined])
  t.strictSame(await told({}), [undefined, undefined])
})

await t.test('traceparent, as the standard has it', async (t) => {
  const [trace, span] = ['a'.repeat(32), 'b'.repeat(16)]
  const taken: [given: string, is: string][] = [
    [`00-${trace}-${span}-01`, `00-${trace}-${span}-01`],
    [`00-${trace}-${span}-00`, `00-${trace}-${span}-00`],
    [`01-${trace}-${span}-01-what-comes-later`, `00-${trace}-${span}-01`],
  ]
  for (const [given, is] of taken) t.strictSame(traceContextOf({ traceparent: given }), { traceparent: is })
  const bad = [
    `00-${trace}-${span}`,
    `00-${trace}-${span}-1`,
    `00-${trace}${span}-01`,
    `0-${trace}-${span}-01`,
    `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  ]
  for (const given of bad) t.equal(traceContextOf({ traceparent: given }), null, given)
  t.strictSame(traceContextOf({ traceparent: taken[0]![0], tracestate: 'x'.repeat(600) }), { traceparent: taken[0]![1] })
})

await t.test('prompts in spans: words and calls, and pictures by their kind only', async (t) => {
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,SECRET' } }
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
  const messages = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: [{ type: 'text', text: 'Look' }, picture] },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: 'done' },
    null,
  ]
  const text = JSON.stringify({ messages })
  const said = askedContent({ kind: 'upstream', provider: 'acme', model: 'm', text })['gen_ai.input.messages']
  t.strictSame(JSON.parse(String(said)), [
    { role: 'system', parts: [{ type: 'text', content: 'Be kind.' }] },
    { role: 'user', parts: [{ type: 'text', content: 'Look' }, { type: 'image_url' }] },
    { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'f', arguments: '{"a":1}' }] },
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: [{ type: 'text', content: 'done' }] }] },
    { parts: [] },
  ])
  const image = { type: 'image', mediaType: 'image/png', data: 'SECRET' } as const
  const result = { type: 'tool_result', toolCallId: 't', content: [image, { type: 'text' as const, text: 'ok' }] } as const
  const claude = askedContent({
    ...{ kind: 'claude', model: 'sonnet', system: ['Be brief.'] },
    turns: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }, image, { ...result, content: [...result.content] }] }],
  })
  t.strictSame(JSON.parse(String(claude['gen_ai.system_instructions'])), [{ type: 'text', content: 'Be brief.' }])
  t.strictSame(JSON.parse(String(claude['gen_ai.input.messages'])), [
    {
      role: 'user',
      parts: [
        { type: 'text', content: 'Hello' },
        { type: 'image' },
        { type: 'tool_call_response', id: 't', response: [{ type: 'image' }, { type: 'text', content: 'ok' }] },
      ],
    },
  ])
})
