/** How long a request can silence the server: the longest delay of its event loop while the request is handled. */
import { seedLongResponses } from './long-response.js'
import { dataDirOf } from './bridge.js'
import type { Rig } from './rig.js'
import { openSqliteStore } from '../src/jobs/sqlite/store.js'
import { chatRequestSchema } from '../src/openai/in/chat-request.js'
import { parseChat } from '../src/openai/in/parse-chat.js'
import { validate } from '../src/errors/request-error.js'
import { fill, measureStoreSilence } from './silence-store.js'
import { realTools } from './silence-bodies.js'
import { silenceCases } from './silence-cases.js'
import { startWatched } from './watched-server.js'

/** The longest silence for a body: 200 ms up to 1 MB, 30 ms for each further MB. */
export const bound = (bytes: number): number => 200 + 30 * Math.max(0, bytes / 1e6 - 1)

/** @param only ids of the cases that are measured; none: all */
export async function measureSilence(rig: Rig, only: readonly string[] = []): Promise<void> {
  const { findings } = rig
  const long = await seedLongResponses(dataDirOf(rig.folder, 'silence'), 5, 60_000)
  await seedPage(dataDirOf(rig.folder, 'silence'))
  const server = await startWatched(rig, 'silence', { MAX_CONCURRENT: '2' })
  const { url } = server.bridge
  const measure = async (id: string, name: string, request: () => Promise<Response>, bytes = 0) => {
    if (only.length > 0 && !only.includes(id)) return
    let status = 0
    const { longestMs, grownMiB } = await server.watch(async () => {
      try {
        const response = await request()
        status = response.status
        await response.arrayBuffer()
      } catch (error) {
        findings.problems.push(`silence: ${name}: ${String(error)}`)
      }
    })
    const size = bytes < 1e5 ? '' : `, ${(bytes / 1e6).toFixed(1)} MB`
    findings.add(`silence_${id}`, `silence: ${name}${size} (${status})`, 'ms', longestMs)
    findings.add(`grown_${id}`, '  its memory', 'MiB', grownMiB)
    findings.add(`size_${id}`, '  its body', 'MB', bytes / 1e6)
    if (longestMs > bound(bytes)) findings.notes.push(`silence: ${name}: ${longestMs.toFixed(0)} ms, more than ${bound(bytes).toFixed(0)}`)
  }
  const post = (path: string, body: string) =>
    fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: rig.signal })
  const get = (path: string) => fetch(url + path, { signal: rig.signal })

  const tools = JSON.stringify({ model: 'sonnet', question: 'x', tools: realTools(60) })
  if (only.length === 0) findings.add('parse_60_tools', 'parsing a request with 60 tools of real size', 'ms', parseTimes(tools))
  await measure('nothing', 'nothing', () => get('/health'))
  const plain = JSON.stringify({ model: 'sonnet', question: 'x' })
  await measure('plain', 'a small request', () => post('/v1/chat/completions/check', plain))
  for (const one of silenceCases) {
    const text = JSON.stringify(one.body())
    await measure(one.id, one.name, () => post(one.path, text), Buffer.byteLength(text))
  }
  await measure('response_60k', 'a response of 60,000 events', () => get(`/v1/responses/${long[0]!.response}`))
  await measure('stream_60k', 'its stream', () => get(`/v1/responses/${long[0]!.response}?stream=true`))
  await measure('events_60k', 'its events', () => get(`/tasks/${long[0]!.task}/events`))
  const input = Array.from({ length: 200 }, (_, index) => ({ type: 'item_reference', id: long[index % long.length]!.item }))
  const references = JSON.stringify({ model: 'no such model', input })
  await measure('references', '200 references to items of 5 such responses', () => post('/v1/responses', references))
  await measure('tasks_page', 'a page of 100 tasks with 20 MB of answers', () => get('/tasks?limit=100'))
  await rig.end(server.bridge)
  if (only.length === 0 || only.includes('store')) await measureStoreSilence(rig)
}

/** A page of tasks with long answers. */
async function seedPage(dataDir: string): Promise<void> {
  const store = await openSqliteStore({ dataDir })
  await fill(store, 100, () => ({}), 'completed', 40_000)
  await store.close()
}

/** From the text of a body to what has to be done, in this process, after a few to warm up. */
function parseTimes(text: string): number[] {
  const times: number[] = []
  for (let round = -10; round < 20; round++) {
    const from = performance.now()
    const { value, error } = validate(chatRequestSchema, JSON.parse(text))
    if (error !== undefined) throw error
    parseChat(value, { claudeModel: 'sonnet' })
    if (round >= 0) times.push(performance.now() - from)
  }
  return times
}
