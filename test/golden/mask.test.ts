/** What varies is masked, what is equal stays equal, and all else is left alone. */
import t from 'tap'
import { recordFrames } from './frames.js'
import { Mask } from './mask.js'

const word = 'AbCdEfGhIjKlMnOpQrStUvWx'

t.test('ids, times and ports', async (t) => {
  const masked = new Mask().value({
    ...{ id: `chatcmpl-${word}`, task: `/tasks/task_${word}/events`, other: `task_${word.toLowerCase()}` },
    ...{ created: 7, duration_ms: 8, completed_at: null, url: 'http://127.0.0.1:41234/mcp' },
  })
  t.strictSame(masked, {
    ...{ id: 'chatcmpl-<1>', task: '/tasks/task_<1>/events', other: 'task_<2>' },
    ...{ created: '<time>', duration_ms: '<time>', completed_at: null, url: 'http://127.0.0.1:<port>/mcp' },
  })
})

t.test('nothing else', async (t) => {
  const plain = { total_tokens: 7, model: 'big-model-2026-01-01', id: 'call_golden', status: 200, version: '2025-06-18', param: 'task_id' }
  t.strictSame(new Mask().value(plain), plain)
})

t.test('only adjacent pieces of the same text are joined', async (t) => {
  const piece = (index: number, content: string) => ({
    data: JSON.stringify({ choices: [{ index, delta: { content }, finish_reason: null }] }),
  })
  const frames = recordFrames([piece(0, 'a'), piece(0, 'b'), { comment: '' }, piece(1, 'c'), piece(0, 'd'), { data: '[DONE]' }])
  t.strictSame(
    frames.map(({ data }) =>
      typeof data === 'string' ? data : (data as { choices: { delta: { content: string } }[] }).choices[0]!.delta.content,
    ),
    ['ab', 'c', 'd', '[DONE]'],
  )
})
