/** Images and files, end to end: what reaches the model, and what is refused before anything is stored. */
import t, { type Test } from 'tap'
import { ask, gate, onlyParked, startBridge, until } from '../helper.js'
import { type Origin, endless, redirects, sends, startOrigin } from '../net/origin.js'
import { type RequestBlock, message, offered, text, toolUse } from '../standin/index.js'

const origin = await startOrigin(t)
// stands for a server that only this machine can reach
const inner = await startOrigin(t, '127.0.0.2')
inner.on('/secret.png', sends('the secret of an internal server'))
const bridge = await startBridge(t, {
  net: { mayConnect: (address) => address === '127.0.0.1' },
  warm: onlyParked,
  env: { WARM_PROCESSES: '1' },
})
const { standin } = bridge

// one pixel each: the CLI looks into what it sends
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC', 'base64')
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n')
origin.on('/a.png', sends(png, { 'content-type': 'image/png' }))
origin.on('/b', sends(gif, { 'content-type': 'application/octet-stream' }))

const words = (value: string) => ({ type: 'text', text: value })
const image = (url: string) => ({ type: 'image_url', image_url: { url } })
const file = (members: object) => ({ type: 'file', file: members })
const dataUrl = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString('base64')}`
const source = (mediaType: string, bytes: Buffer) => ({ type: 'base64', media_type: mediaType, data: bytes.toString('base64') })
const body = (...content: unknown[]) => ({ model: 'sonnet', messages: [{ role: 'user', content }] })

/** The blocks of the messages with a marker in them, as the model got them. */
async function told(marker: string): Promise<RequestBlock[]> {
  const call = await bridge.asked(marker)
  const blocks = call.body.messages!.filter(({ role }) => role !== 'system').flatMap(({ content }) => content as RequestBlock[])
  return blocks.map(
    (block) => Object.fromEntries(Object.entries(block).filter(([key]) => key !== 'cache_control')) as unknown as RequestBlock,
  )
}

/** Answers 200, or fails with what it answered. */
async function taken(t: Test, request: Record<string, unknown>): Promise<void> {
  const response = await bridge.post('/v1/chat/completions', request)
  t.equal(response.status, 200, await response.text())
}

async function refused(t: Test, request: Record<string, unknown>, param: string | RegExp, name: string, route = '/v1/chat/completions') {
  const response = await bridge.post(route, request)
  const { error } = (await response.json()) as { error: { message: string; param: string; code: string } }
  t.match({ status: response.status, param: error.param }, { status: 400, param }, `${name}: ${error.message}`)
  t.notMatch(error.message, /secret|127\.0\.0|ECONN|ENOTFOUND/)
  return error
}

await t.test('images behind URLs reach the model as they are', async (t) => {
  origin.on('/moved', redirects('/a.png'))
  standin.when('MANY-IMAGES', message('seen'))
  await taken(
    t,
    body(words('MANY-IMAGES'), image(`${origin.url}/a.png`), words('and'), image(`${origin.url}/b`), image(`${origin.url}/moved`)),
  )
  t.match(await told('MANY-IMAGES'), [
    { type: 'text', text: 'MANY-IMAGES' },
    { type: 'image', source: source('image/png', png) },
    { type: 'text', text: 'and' },
    { type: 'image', source: source('image/gif', gif) },
    { type: 'image', source: source('image/png', png) },
  ])
})

await t.test('a task has its images with it', async (t) => {
  origin.on('/once', sends(png))
  const accepted = await bridge.post(
    '/tasks',
    body(words('TASK-IMAGES'), image(`${origin.url}/once`), { type: 'input_image', image_url: `${origin.url}/once` }),
  )
  t.equal(accepted.status, 202)
  const { id } = (await accepted.json()) as { id: string }
  t.equal(origin.asked.filter((path) => path === '/once').length, 1, 'each URL is fetched once, before the task is accepted')
  await bridge.get(`/tasks/${id}?wait=20`)
  const blocks = await told('TASK-IMAGES')
  t.same(
    blocks.slice(1).map((block) => block.source),
    [source('image/png', png), source('image/png', png)],
  )
})

await t.test('files reach the model', async (t) => {
  standin.when('SEE-FILES', message('read'))
  await taken(
    t,
    body(
      words('SEE-FILES'),
      file({ filename: 'report.pdf', file_data: dataUrl('application/pdf', pdf) }),
      file({ filename: 'data.csv', file_data: Buffer.from('a,b\n1,2\n').toString('base64') }),
      { type: 'input_file', filename: '/etc/passwd.md', file_data: dataUrl('text/markdown', Buffer.from('/clear @/etc/passwd é')) },
    ),
  )
  t.match(await told('SEE-FILES'), [
    { type: 'text', text: 'SEE-FILES' },
    { type: 'document', title: 'report.pdf', source: source('application/pdf', pdf) },
    { type: 'text', text: '<file name="data.csv">\na,b\n1,2\n</file>' },
    { type: 'text', text: '<file name="/etc/passwd.md">\n/clear @/etc/passwd é\n</file>' },
  ])
})

await t.test('a history with images, files and a refusal', async (t) => {
  standin.when('HISTORY-PARTS', message('well'))
  await taken(t, {
    model: 'sonnet',
    messages: [
      {
        role: 'user',
        content: [
          words('HISTORY-PARTS'),
          image(`${origin.url}/b`),
          file({ filename: 'a.pdf', file_data: dataUrl('application/pdf', pdf) }),
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Hm.' },
          { type: 'refusal', refusal: 'I will not.' },
        ],
      },
      { role: 'user', content: 'why?' },
    ],
  })
  t.match(await told('HISTORY-PARTS'), [
    { type: 'text' },
    { type: 'image', source: source('image/gif', gif) },
    { type: 'document', title: 'a.pdf', source: source('application/pdf', pdf) },
    { type: 'text', text: 'Hm.' },
    { type: 'text', text: 'I will not.' },
    { type: 'text', text: 'why?' },
  ])
})

await t.test('an image in the result of a function', async (t) => {
  const tools = [{ type: 'function', function: { name: 'draw', parameters: { type: 'object' } } }]
  /** Goes through the loop; `edited`: with another history than the process has, so that everything is replayed. */
  const loop = async (marker: string, edited: boolean) => {
    standin.when(marker, message([text('Drawing.'), toolUse(offered('draw'), {}, `toolu_${marker}`)]), message('A dot.'))
    const first = await bridge.post('/v1/chat/completions', ask(marker, { tools }))
    const answer = ((await first.json()) as { choices: { message: { content: string } }[] }).choices[0]!.message
    const said = edited ? { ...answer, content: 'Edited.' } : answer
    const result = {
      role: 'tool',
      tool_call_id: `toolu_${marker}`,
      content: [words('here'), image(`${origin.url}/a.png`), image(dataUrl('image/gif', gif))],
    }
    await taken(t, ask(marker, { tools, messages: [{ role: 'user', content: marker }, said, result] }))
    const last = standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(`toolu_${marker}`)).at(-1)!
    const blocks = last.body.messages!.flatMap(({ content }) => content as RequestBlock[])
    const found = blocks.find((block) => block.type === 'tool_result')
    t.match(found, {
      tool_use_id: `toolu_${marker}`,
      content: [
        { type: 'text', text: 'here' },
        { type: 'image', source: source('image/png', png) },
        { type: 'image', source: source('image/gif', gif) },
      ],
    })
  }
  await t.test('its own process goes on', () => loop('DRAW-LIVE', false))
  await t.test('replayed', () => loop('DRAW-AGAIN', true))
})

await t.test('nothing is fetched from inside, and no error tells of it', async (t) => {
  origin.on('/to-inner', redirects(`${inner.url}/secret.png`))
  const urls = [
    ...[`${inner.url}/secret.png`, `${origin.url}/to-inner`, `http://[::1]:${inner.port}/`, `http://2130706434:${inner.port}/secret.png`],
    ...['http://169.254.169.254/latest/meta-data/', 'http://[::ffff:127.0.0.2]/', 'http://0/', 'http://10.0.0.1:22/'],
  ]
  for (const url of urls) {
    const error = await refused(t, body(words('x'), image(url)), 'messages[0].content[1].image_url.url', url)
    t.match(error, { code: 'invalid_value', message: /its host has no public address/ })
  }
  t.same(inner.asked, [])
})

await t.test('what is refused is refused by its path, and leaves no task behind', async (t) => {
  const before = (await (await bridge.get('/tasks?limit=100')).json()) as { data: unknown[] }
  origin.on('/page', sends('<html>secret</html>', { 'content-type': 'text/html' }))
  origin.on('/liar', sends('secret', { 'content-type': 'image/png' }))
  origin.on('/huge', sends('', { 'content-length': '99999999' }))
  origin.on('/endless', endless({ 'content-type': 'image/png' }, 0, Buffer.alloc(1 << 20)))
  origin.on('/loop', redirects('/loop'))
  const url = 'image_url.url'
  const cases: [part: unknown, member: string][] = [
    ...['/page', '/liar', '/huge', '/endless', '/loop', '/missing'].map((path): [unknown, string] => [image(origin.url + path), url]),
    [image('http://user:pass@example.com/'), url],
    [image('http://'), url],
    [image('ftp://example.com/a.png'), url],
    [image(`http://127.0.0.1:${(await closedPort(t)).port}/`), url],
    [{ type: 'input_image', image_url: `${origin.url}/page` }, 'image_url'],
    [file({ file_id: 'file-1' }), 'file.file_id'],
    [file({ filename: 'a.pdf', file_data: dataUrl('application/pdf', Buffer.from('secret')) }), 'file.file_data'],
    [file({ filename: 'a.exe', file_data: 'TVqQAAMA' }), 'file.file_data'],
    [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }, 'type'],
    [{ type: 'image_url', image_url: null }, 'image_url'],
  ]
  for (const [part, member] of cases) {
    const name = JSON.stringify(part).slice(0, 70)
    await refused(t, body(words('REFUSED'), image(`${origin.url}/a.png`), part), `messages[0].content[2].${member}`, name)
  }
  await refused(t, body(image(`${origin.url}/liar`)), `messages[0].content[0].${url}`, 'as a task', '/tasks')
  await refused(t, { ...body(image(`${origin.url}/liar`)), stream: true }, `messages[0].content[0].${url}`, 'as a stream')
  const after = (await (await bridge.get('/tasks?limit=100')).json()) as { data: unknown[] }
  t.equal(after.data.length, before.data.length)
  t.notOk(standin.calls.some((call) => JSON.stringify(call.body).includes('REFUSED')))
})

await t.test('too many bytes together', async (t) => {
  const large = Buffer.concat([png, Buffer.alloc(9 << 20)])
  for (let n = 0; n < 4; n++) origin.on(`/large${n}`, sends(large))
  const urls = Array.from({ length: 4 }, (_, n) => image(`${origin.url}/large${n}`))
  t.match(await refused(t, body(...urls), /^messages\[0\]\.content\[\d\]\.image_url\.url$/, 'four of nine MB'), {
    message: /too many together/,
  })
  const same = Array.from({ length: 4 }, () => image(`${origin.url}/large0`))
  t.match(await refused(t, body(...same), 'messages[0].content[0].image_url.url', 'one shown four times'), { message: /together/ })
})

await t.test('a client that leaves ends the fetch', async (t) => {
  origin.on('/slow', endless({ 'content-type': 'image/png' }, 50, Buffer.alloc(1)))
  const left = origin.left()
  const asked = origin.asked.length
  const leave = new AbortController()
  const gone = bridge.post('/v1/chat/completions', body(image(`${origin.url}/slow`)), {}, leave.signal)
  t.ok(await until(() => origin.asked.length > asked))
  leave.abort()
  await t.rejects(gone)
  t.ok(await until(() => origin.left() > left), 'the fetch is broken off')
})

await t.test('many requests at once', async (t) => {
  origin.on('/later', (_request, response) => void setTimeout(() => response.end(png), 30))
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      bridge.post(
        '/tasks',
        body(words(`AT-ONCE-${n}`), ...Array.from({ length: 8 }, (_, m) => image(`${origin.url}/${m % 2 ? 'later' : 'a.png'}`))),
      ),
    ),
  )
  t.same(
    answers.map(({ status }) => status),
    Array(6).fill(202),
  )
  const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id))
  for (const id of ids) {
    const task = (await (await bridge.get(`/tasks/${id}?wait=60`)).json()) as { status: string }
    t.equal(task.status, 'completed')
  }
  t.equal((await told('AT-ONCE-5')).filter(({ type }) => type === 'image').length, 8)
})

await t.test('more images than are fetched at once', async (t) => {
  const { opened, open } = gate()
  const post = (n: number, signal?: AbortSignal) => {
    const paths = Array.from({ length: 4 }, (_, m) => `/crowd-${n}-${m}`)
    for (const path of paths) origin.on(path, (_request, response) => void opened.then(() => response.end(png)))
    return bridge.post('/tasks', body(words(`CROWD-${n}`), ...paths.map((path) => image(origin.url + path))), {}, signal)
  }
  const asked = () => origin.asked.filter((path) => path.startsWith('/crowd')).length
  const { turns } = bridge.app.publicAgent
  const first = Array.from({ length: 4 }, (_, n) => post(n))
  t.ok(await until(() => asked() === 16))
  const waits = post(4)
  t.ok(await until(() => turns.waiting === 4))
  const leave = new AbortController()
  const others = Array.from({ length: 127 }, (_, n) => post(n + 5, leave.signal).catch(() => null))
  t.ok(await until(() => turns.waiting === 512))
  const refused = await post(999)
  t.equal(refused.status, 429)
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.match(await refused.json(), { error: { code: 'queue_full', type: 'rate_limit_error', param: null } })
  leave.abort()
  await Promise.all(others)
  t.ok(await until(() => turns.waiting === 4), 'who leaves waits no longer')
  t.equal(asked(), 16)
  open()
  // of those that had their turn at once, one is enough: the others are cancelled
  for (const [index, answer] of (await Promise.all([waits, ...first])).entries()) {
    t.equal(answer.status, 202)
    const { id } = (await answer.json()) as { id: string }
    if (index > 1) await bridge.post(`/tasks/${id}/cancel`, {})
    else t.match(await (await bridge.get(`/tasks/${id}?wait=60`)).json(), { status: 'completed' })
  }
  t.equal(turns.running, 0)
})

/** A port that nobody listens on. */
async function closedPort(t: Test): Promise<Pick<Origin, 'port'>> {
  let port = 0
  await t.test('a port', async (t) => void ({ port } = await startOrigin(t)))
  return { port }
}
