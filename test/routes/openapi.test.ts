/** The OpenAPI document: valid, complete, and true of what is answered. */
import t from 'tap'
import { chunkSchema, completionSchema, modelListSchema, taskSchema } from '../../src/openai/out/response-schemas.js'
import { ask, startBridge } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { message, text, thinking } from '../standin/index.js'

interface Operation {
  summary?: string
  tags?: string[]
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description?: string; content?: Record<string, { schema?: object }> }>
}

interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components?: { securitySchemes?: Record<string, object>; schemas?: Record<string, object> }
}

const bridge = await startBridge(t)
const response = await bridge.get('/openapi.json')
const document = (await response.json()) as Document
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, method, operation })),
)

/** Every schema object of the document, with its place. */
function* objects(value: unknown, place = ''): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [place, value as Record<string, unknown>]
  for (const [key, member] of Object.entries(value)) yield* objects(member, `${place}/${key}`)
}

await t.test('it is a document of OpenAPI 3.1', async (t) => {
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.match(document, { openapi: /^3\.1\.\d+$/, info: { title: 'claude-bridge', version: /^\d+\.\d+\.\d+/ } })
  for (const { name, path, operation } of operations) {
    t.match(path, /^\//)
    t.ok(operation.summary && operation.tags?.length, `${name} is described`)
    t.ok(Object.keys(operation.responses).length > 0, `${name} has responses`)
    for (const [status, answer] of Object.entries(operation.responses)) {
      t.match(status, /^([1-5]\d\d|[1-5]XX|default)$/, `${name}: the response ${status}`)
      t.type(answer.description, 'string', `${name}: ${status} has a description`)
    }
    const named = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1])
    for (const each of named) t.match(each, /^\w+$/, `${name}: a plain name of a parameter`)
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
    t.strictSame(declared.map((parameter) => parameter.name).sort(), named.sort(), `${name}: path parameters`)
    t.ok(declared.every((parameter) => parameter.required === true))
    t.ok((operation.parameters ?? []).every((parameter) => parameter.schema !== undefined))
  }
  const types = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']
  for (const [place, value] of objects(document)) {
    const ref = value['$ref']
    if (typeof ref === 'string') {
      const target = ref
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document)
      t.ok(ref.startsWith('#/') && target !== undefined, `${place} refers to something`)
    }
    if ('nullable' in value && typeof value['nullable'] === 'boolean') t.fail(`${place}: \`nullable\` is of 3.0`)
    if (typeof value['type'] === 'string' && ('properties' in value || 'items' in value)) {
      t.ok(types.includes(value['type']), place)
    }
  }
})

await t.test('it has every route, and no others', async (t) => {
  const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  const routes = [...routesOf(bridge.app.printRoutes({ commonPrefix: false }))]
    .filter(([, path]) => path !== '/openapi.json' && !path.startsWith('/docs'))
    // the document names what the router writes as `*`, and the router's tree leaves out what stands before one that has a neighbour
    .map(
      ([method, path]) =>
        `${method} ${path
          .replace('/tasks/:id*', '/tasks/:id/files/{path}')
          .replace(/\/?\*$/, '/{id}')
          .replaceAll(/:(\w+)/g, '{$1}')}`,
    )
  t.strictSame([...new Set(routes)].sort(), documented.sort())
  t.ok(documented.includes('POST /v1/chat/completions') && documented.includes('GET /v1/models/{id}'))
})

/** Reads the router's own tree: a segment a line, below the one it belongs to. */
function* routesOf(tree: string): Generator<[string, string]> {
  const parents: string[] = []
  for (const line of tree.split('\n')) {
    const found = /^((?:│ {3}| {4})*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line)
    if (found === null) continue
    const depth = found[1]!.length / 4
    const path = (parents[depth - 1] ?? '') + found[2]!
    parents[depth] = path
    for (const method of found[3]?.split(', ') ?? []) if (method !== 'HEAD') yield [method, path]
  }
}

await t.test('what it says of requests', async (t) => {
  const chat = document.paths['/v1/chat/completions']!['post']!
  const schema = chat.requestBody!.content['application/json']!.schema as { properties: object; required: string[] }
  t.match(schema.properties, { model: {}, messages: {}, stream: {}, n: {}, stop: {} })
  t.ok(schema.required.includes('model'))
  t.ok('text/event-stream' in (document.paths['/tasks/{id}/events']!['get']!.responses['200']?.content ?? {}), 'events are a stream')
  t.ok('text/event-stream' in (chat.responses['200']?.content ?? {}), 'and chat may be one')
})

await t.test('what is answered is what it says', async (t) => {
  bridge.standin.when('O-all', message([thinking('hm'), text('yes')]))
  const full = ask('O-all', { metadata: { a: 'b' }, seed: 1 })
  const strict = (await (await bridge.post('/v1/chat/completions', full)).json()) as object
  t.strictSame(completionSchema.parse(strict), strict)
  t.ok(
    Object.keys(strict).every((key) => key in completionSchema.shape),
    'nothing more than is declared',
  )

  const body = ask('O-all', { stream: true, stream_options: { include_usage: true } })
  const frames = await framesOf(await bridge.post('/v1/chat/completions', body))
  for (const { data } of frames.slice(0, -1)) {
    const chunk = JSON.parse(data!) as object
    t.strictSame(chunkSchema.parse(chunk), chunk)
    t.ok(Object.keys(chunk).every((key) => key in chunkSchema.shape))
  }
  const task = (await (await bridge.post('/tasks', ask('O-all'))).json()) as { id: string }
  taskSchema.parse(task)
  const done = (await (await bridge.get(`/tasks/${task.id}?wait=30`)).json()) as object
  t.strictSame(taskSchema.parse(done), done)
  t.ok(Object.keys(done).every((key) => key in taskSchema.shape))
  modelListSchema.parse(await (await bridge.get('/v1/models')).json())
})

await t.test('the page to try it', async (t) => {
  const page = await bridge.get('/docs')
  t.equal(page.status, 200)
  t.match(await page.text(), /<html/i)
  t.equal((await bridge.get('/docs/static/index.html')).status, 200)
})
