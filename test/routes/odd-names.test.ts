/** Names that others give stand in headers, in records and in the model's tools: none of them breaks an answer. */
import t from 'tap'
import type { Completion, Task } from '../../src/openai/out/response-schemas.js'
import { ask, askDirect, startBridge } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import { message } from '../standin/index.js'
import { toolName } from '../../src/claude/protocol/tool-names.js'

const bridge = await startBridge(t, { direct: 100 })
const chat = '/v1/chat/completions'

await t.test("the name of what answers, outside ASCII, from Claude's API and from a provider", async (t) => {
  const names = ['модель-1', '模型', 'a\r\nx-evil: 1', 'm'.repeat(5000)]
  for (const [index, name] of names.entries()) {
    for (const body of [ask(`N-model-${index}`), askDirect(`N-model-${index}`)]) {
      bridge.standin.when(`N-model-${index}`, message('fine', { model: name }))
      const response = await bridge.post(chat, body)
      t.equal(response.status, 200)
      const { bridge: about } = (await response.json()) as Completion
      if (index < 2) {
        t.equal(about?.model, name)
        t.equal(decodeURIComponent(response.headers.get('x-bridge-model')!), name)
      }
      t.notOk(response.headers.has('x-evil'))
      const id = response.headers.get('x-bridge-task-id')!
      const task = await bridge.get(`/tasks/${id}`)
      t.equal(task.status, 200, 'the task is readable')
      t.equal(((await task.json()) as Task).status, 'completed')
      const streaming = await bridge.post(chat, { ...body, stream: true })
      t.equal(streaming.status, 200)
      t.match((await framesOf(streaming)).at(-1), { data: '[DONE]' })
    }
  }
})

await t.test('many ignored names in another script', async (t) => {
  const odd = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`${index}${'名'.repeat(60)}`, 1]))
  bridge.standin.when('N-ignored', message('fine'))
  const response = await bridge.post(chat, ask('N-ignored', odd))
  t.equal(response.status, 200)
  t.ok(response.headers.get('x-bridge-ignored')!.length <= 2048)
  t.equal(((await response.json()) as Completion).bridge.ignored.length, 65, 'the body has them all')
})

await t.test('a function that is called as another one becomes', async (t) => {
  const names = ['look.up', toolName('look.up')]
  const tools = names.map((name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }))
  bridge.standin.when('N-tools', message('fine'))
  const response = await bridge.post(chat, ask('N-tools', { tools }))
  t.equal(response.status, 200, await response.text())
  const offered = (await bridge.asked('N-tools')).body.tools as { name: string }[]
  t.equal(new Set(offered.map(({ name }) => name)).size, 2)
})
