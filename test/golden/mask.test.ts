/** What varies is masked, what is equal stays equal, and all else is left alone. */
import t from 'tap'
import { recordFrames } from './frames.js'
import { Mask } from './mask.js'

const word = 'AbCdEfGhIjKlMnOpQrStUvWx'

await t.test('ids, times and ports', async (t) => {
  const masked = new Mask().value({
    ...{ id: `chatcmpl-${word}`, task: `/tasks/task_${word}/events`, other: `task_${word.toLowerCase()}` },
    ...{ created: 7, duration_ms: 8, completed_at: null, url: 'http://127.0.0.1:41234/mcp' },
  })
  t.strictSame(masked, {
    ...{ id: 'chatcmpl-<1>', task: '/tasks/task_<1>/events', other: 'task_<2>' },
    ...{ created: '<time>', duration_ms: '<time>', completed_at: null, url: 'http://127.0.0.1:<port>/mcp' },
  })
})

await t.test('nothing else', async (t) => {
  const plain = { total_tokens: 7, model: 'big-model-2026-01-01', id: 'call_golden', status: 200, version: '2025-06-18', param: 'task_id' }
  t.strictSame(new Mask().value(plain), plain)
})

await t.test('pieces of a text are joined, and choices stand one after the other', async (t) => {
  const piece = (index: number, content: string) => ({
    data: JSON.stringify({ choices: [{ index, delta: { content }, finish_reason: null }] }),
  })
  const frames = recordFrames([piece(0, 'a'), piece(0, 'b'), { comment: '' }, piece(1, 'c'), piece(0, 'd'), { data: '[DONE]' }])
  t.strictSame(
    frames.map(({ data }) =>
      typeof data === 'string' ? data : (data as { choices: { delta: { content: string } }[] }).choices[0]!.delta.content,
    ),
    ['abd', 'c', '[DONE]'],
  )
})

await t.test('what the last chunk tells of the job does not depend on the choice that ends last', async (t) => {
  const end = (index: number, more = {}) => ({ data: JSON.stringify({ choices: [{ index, delta: {}, finish_reason: 'stop' }], ...more }) })
  const bridge = { task_id: 'task' }
  t.strictSame(recordFrames([end(1), end(0, { bridge })]), recordFrames([end(0), end(1, { bridge })]))
})
