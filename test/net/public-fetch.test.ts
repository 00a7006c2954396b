/** The guarded fetch, against servers of this machine. */
import type dns from 'node:dns'
import t from 'tap'
import { isPublicAddress } from '../../src/net/public-address.js'
import { type NetOptions, type PublicAgent, createPublicAgent } from '../../src/net/public-agent.js'
import { FetchFailed, type FetchLimits, type Fetched, NoTurn, fetchPublic } from '../../src/net/public-fetch.js'
import { toWebUrl } from '../../src/net/web-url.js'
import { gate, until } from '../helper.js'
import { endless, redirects, sends, startOrigin } from './origin.js'

const origin = await startOrigin(t)
// not reachable by the rules of most tests here
const inner = await startOrigin(t, '127.0.0.2')
inner.on('/', sends('the secret of an internal server'))

const onlyOrigin: NetOptions = { mayConnect: (address) => address === '127.0.0.1' }

async function get(url: string, limits: Partial<FetchLimits> = {}, net: NetOptions = onlyOrigin): Promise<Fetched> {
  const agent = createPublicAgent(net)
  try {
    return await getBy(agent, url, limits)
  } finally {
    await agent.destroy()
  }
}

async function getBy(agent: PublicAgent, url: string, limits: Partial<FetchLimits> = {}): Promise<Fetched> {
  const checked = toWebUrl(url)
  if (checked === null) throw new Error(`${url} is no URL`)
  return fetchPublic(agent, checked, {
    ...{ maxBytes: 1000, budget: { left: 1_000_000 }, timeoutMs: 20_000, signal: new AbortController().signal, accept: '*/*' },
    ...limits,
  })
}

/** The words of a refusal. */
async function fails(...args: Parameters<typeof get>): Promise<string> {
  const error: unknown = await get(...args).catch((error: unknown) => error)
  if (error instanceof FetchFailed) return error.message
  throw new Error('not refused', { cause: error })
}

/** Names that mean what a test says; each answer is used once, the last one again and again. */
function names(meanings: Record<string, string[][]>): { lookup: typeof dns.lookup; asked: string[] } {
  const asked: string[] = []
  const lookup = ((
    name: string,
    _options: object,
    callback: (error: Error | null, found: { address: string; family: number }[]) => void,
  ) => {
    asked.push(name)
    const answers = meanings[name]
    if (answers === undefined) return callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    const found = answers.length > 1 ? answers.shift()! : answers[0]!
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as unknown as typeof dns.lookup
  return { lookup, asked }
}

const nowhere = 'its host has no public address'

await t.test('what is public comes as it is', async (t) => {
  origin.on('/x', sends('hello', { 'content-type': 'IMAGE/png; charset=x' }))
  t.same(await get(`${origin.url}/x`), { bytes: Buffer.from('hello'), mediaType: 'image/png' })
  origin.on('/none', sends(''))
  t.same(await get(`${origin.url}/none`), { bytes: Buffer.alloc(0), mediaType: null })
  const { lookup } = names({ 'pictures.example': [['127.0.0.2', '127.0.0.1']] })
  t.equal(String((await get(`http://pictures.example:${origin.port}/x`, {}, { ...onlyOrigin, lookup })).bytes), 'hello', 'by a name')
})

await t.test('no private address, however it is written', async (t) => {
  const before = [...origin.asked]
  const hosts = [
    ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0x7f.0.0.1', '127.0.0.1.', '１２７.0.0.1'],
    ...['0.0.0.0', '0', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
    ...['localhost', 'LOCALHOST.', 'a.localhost', '169.254.169.254', '10.0.0.1'],
  ]
  for (const host of hosts) t.equal(await fails(`http://${host}:${origin.port}/x`, {}, {}), nowhere, host)
  t.equal(await fails(`https://127.0.0.1:${origin.port}/x`, {}, {}), nowhere, 'with TLS')
  t.same(origin.asked, before, 'nobody was asked')
})

await t.test('a name counts by what it means when it is connected to', async (t) => {
  const private_ = ['10.0.0.1', '127.0.0.1', '::1', 'fd00::1', '::ffff:127.0.0.1', '169.254.169.254']
  for (const address of private_) {
    const { lookup } = names({ 'evil.example': [[address]] })
    t.equal(await fails(`http://evil.example:${origin.port}/x`, {}, { lookup }), nowhere, address)
  }
  t.equal(await fails('http://nothing.example/', {}, { lookup: names({}).lookup }), nowhere, 'the same words for no such name')

  // first a harmless answer, then the internal one: each connection goes by its own answer alone
  const rebinding = names({ 'evil.example': [['127.0.0.1'], ['127.0.0.2']] })
  inner.on('/x', sends('the secret of an internal server'))
  origin.on('/again', (_request, response) => {
    response.writeHead(302, { location: `http://evil.example:${inner.port}/x`, connection: 'close' }).end()
  })
  t.equal(await fails(`http://evil.example:${origin.port}/again`, {}, { ...onlyOrigin, ...rebinding }), nowhere)
  t.same(rebinding.asked, ['evil.example', 'evil.example'])
  t.same(inner.asked, [])
})

await t.test('redirects', async (t) => {
  for (const [index, status] of [301, 302, 303, 307, 308].entries()) {
    origin.on(`/r${index}`, redirects(index === 0 ? '/x' : `${origin.url}/x`, status))
    t.equal(String((await get(`${origin.url}/r${index}`)).bytes), 'hello', String(status))
  }
  for (let n = 1; n <= 4; n++) origin.on(`/hop${n}`, redirects(n === 1 ? '/x' : `hop${n - 1}`))
  t.equal(String((await get(`${origin.url}/hop3`)).bytes), 'hello', 'three are followed')
  t.match(await fails(`${origin.url}/hop4`), 'more than 3 redirects')
  origin.on('/round', redirects('/round'))
  t.match(await fails(`${origin.url}/round`), 'more than 3 redirects')

  const forbidden = [inner.url, `http://[::1]:${inner.port}/`, 'http://169.254.169.254/latest/meta-data/']
  for (const to of forbidden) {
    origin.on('/in', redirects(to))
    t.equal(await fails(`${origin.url}/in`), nowhere, to)
  }
  for (const to of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'data:,x', 'http://a:b@127.0.0.1/', 'http://', 'gopher://x']) {
    origin.on('/odd', redirects(to))
    t.match(await fails(`${origin.url}/odd`), 'redirects to something that is no http(s) URL', to)
  }
  origin.on('/blank', (_request, response) => void response.writeHead(302).end())
  t.match(await fails(`${origin.url}/blank`), 'redirects to something')
  t.same(inner.asked, [])
})

await t.test('too much', async (t) => {
  origin.on('/full', sends('x'.repeat(1000)))
  t.equal((await get(`${origin.url}/full`)).bytes.length, 1000)
  origin.on('/over', sends('x'.repeat(1001)))
  t.match(await fails(`${origin.url}/over`), 'more than 1000 bytes')
  origin.on('/announced', (_request, response) => {
    // no byte of it ever comes
    response.writeHead(200, { 'content-length': '999999999999' }).flushHeaders()
  })
  t.match(await fails(`${origin.url}/announced`), 'more than 1000 bytes')
  origin.on('/endless', endless({}, 0, Buffer.alloc(100)))
  t.match(await fails(`${origin.url}/endless`), 'more than 1000 bytes')
  const budget = { left: 1500 }
  await get(`${origin.url}/full`, { budget })
  t.match(await fails(`${origin.url}/full`, { budget }), 'too many together')
  origin.on('/packed', sends(Buffer.alloc(10), { 'content-encoding': 'gzip' }))
  t.match(await fails(`${origin.url}/packed`), 'compressed')
})

await t.test('too slow, broken, refused', async (t) => {
  const timeoutMs = 300
  origin.on('/silent', () => undefined)
  t.match(await fails(`${origin.url}/silent`, { timeoutMs }), 'within 0.3 seconds')
  origin.on('/drip', endless({}, 20, Buffer.alloc(1)))
  t.match(await fails(`${origin.url}/drip`, { timeoutMs }), 'within 0.3 seconds', 'a byte now and then is no excuse')
  origin.on('/cut', (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setTimeout(() => response.destroy(), 20)
  })
  t.match(await fails(`${origin.url}/cut`), 'could not be reached, or broke off')
  origin.on('/error', (_request, response) => void response.writeHead(500).end('stack trace'))
  t.equal(await fails(`${origin.url}/error`), 'its server answered with status 500')
  t.match(await fails('http://127.0.0.1:9/'), 'could not be reached')
})

await t.test('its caller can end it', async (t) => {
  const stop = new AbortController()
  origin.on('/wait', () => stop.abort(new Error('enough')))
  await t.rejects(get(`${origin.url}/wait`, { signal: stop.signal }), { message: 'enough' })
  await t.rejects(get(`${origin.url}/x`, { signal: AbortSignal.abort(new Error('too late')) }), { message: 'too late' })
})

await t.test('sixteen at once, the others in their order', async (t) => {
  const agent = createPublicAgent(onlyOrigin)
  t.teardown(() => agent.destroy())
  const { opened, open } = gate()
  const asked: string[] = []
  const fetched = (name: string, limits: Partial<FetchLimits> = {}) => {
    origin.on(`/turn-${name}`, (_request, response) => {
      asked.push(name)
      void opened.then(() => response.end(name))
    })
    return getBy(agent, `${origin.url}/turn-${name}`, limits)
  }
  const inTime = Array.from({ length: 16 }, (_, n) => fetched(`first-${n}`))
  t.ok(await until(() => asked.length === 16))
  const [leaves, tired] = [new AbortController(), Error('left')]
  const waiting = [fetched('a'), fetched('leaves', { signal: leaves.signal }), fetched('b')]
  await t.rejects(fetched('late', { timeoutMs: 50 }), NoTurn, 'its time goes by')
  leaves.abort(tired)
  await t.rejects(waiting[1]!, tired, 'whoever asked has gone')
  await t.rejects(fetched('gone', { signal: AbortSignal.abort(tired) }), tired)
  t.equal(agent.turns.waiting, 2)

  const leaving = new AbortController()
  const line = Array.from({ length: 510 }, () => getBy(agent, `${origin.url}/x`, { signal: leaving.signal }))
  await t.rejects(getBy(agent, `${origin.url}/x`), NoTurn, 'the line has an end')
  leaving.abort(tired)
  t.ok((await Promise.allSettled(line)).every(({ status }) => status === 'rejected'))

  t.equal(asked.length, 16, 'nobody else was asked about')
  const slow = fetched('slow', { timeoutMs: 300 })
  open()
  for (const one of [...inTime, waiting[0]!, waiting[2]!, slow]) t.ok((await one).bytes.length > 0)
  t.strictSame(asked.slice(16), ['a', 'b', 'slow'], 'who gave up was never asked about')
  t.equal(agent.turns.running, 0)
  await t.rejects(getBy(agent, `${origin.url}/error`), FetchFailed)
  t.equal(agent.turns.running, 0, 'one that fails gives its turn back')
})

await t.test('the rule that ships', async (t) => {
  t.equal(isPublicAddress('127.0.0.1'), false)
  await t.rejects(get(`${origin.url}/x`, {}, {}), { message: nowhere })
})

await t.test('URLs', async (t) => {
  const wrong = [
    '',
    'x',
    '//x',
    'http://',
    'ftp://x',
    'file:///x',
    'http://u@x',
    'http://u:p@x',
    'http://:p@x',
    'http://x:99999',
    'http://1.2.3.4.5',
  ]
  for (const url of wrong) t.equal(toWebUrl(url), null, url)
  t.equal(toWebUrl(`http://x/${'a'.repeat(9000)}`), null, 'too long')
  t.equal(toWebUrl('HTTPS://ExAmPle.com:8443/a b')?.href, 'https://example.com:8443/a%20b')
})
