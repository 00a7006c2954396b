/** The cases that every version has to answer, posted exactly as their users sent them. */
import { existsSync } from 'node:fs'
import t from 'tap'
import { systemText } from '../standin/index.js'
import { cases } from './cases.js'
import { essentialStories } from './essential-stories.js'
import { each, perform } from './perform.js'
import { openStage } from './stage.js'
import { type Story, isRun, rejected } from './story.js'

const stage = await openStage(t)
const essential = cases.filter(({ suite }) => suite === 'essential')
const byId = (id: string) => essential.find((one) => one.id === id)!

await t.test('every case', async (t) => {
  t.strictSame(
    essential.map(({ id }) => id),
    Object.keys(essentialStories),
  )
  const list = essential.flatMap((one): [typeof one, Story][] => {
    const story = essentialStories[one.id]
    return isRun(story) ? [[one, story]] : []
  })
  await each(list, 4, async (one, story) => {
    const { calls, results, body } = await perform(t, stage, one, story)
    if (one.id === 'max_text_003_with_system')
      t.match(systemText(calls[0] as never), /^You are a helpful assistant that explains concepts clearly/)
    if (one.id !== 'max_mcp_001_file_operations') return
    t.match(results, [/Successfully wrote to \/tmp\/seed-case\.txt/, /file server works/])
    t.match(await (await stage.bridge.get(`/tasks/${body.bridge!.task_id}`)).json(), { files: [{ path: 'seed-case.txt', bytes: 17 }] })
    t.notOk(existsSync('/tmp/seed-case.txt'))
  })
})

await t.test('validation_retry_001 when it never comes right: no call after the human gate', async (t) => {
  const story: Story = {
    prompt: 'Generate exactly 3 random words, please.',
    says: ['one two', 'one two', 'one two', 'one two', 'one two', 'one two three'],
    verdicts: [rejected('These are 2 words.')],
    error: { status: 422, code: 'human_review_required' },
    attempts: 5,
  }
  const { body } = await perform(t, stage, byId('validation_retry_001'), story)
  const id = /task_\w+/.exec(body.error!.message)![0]
  const task = (await (await stage.bridge.get(`/tasks/${id}`)).json()) as Record<string, unknown>
  t.match(task, { status: 'requires_action', review: { attempts: 5, last_response: 'one two' } })
  const decided = await stage.bridge.post(`/tasks/${id}/review`, { decision: 'approve' })
  t.match(await decided.json(), { status: 'completed', result: { choices: [{ message: { content: 'one two' } }] } })
})

await t.test('a short direct call leaves no unfinished task behind', async (t) => {
  const { data } = (await (await stage.bridge.get('/tasks?limit=100')).json()) as { data: { status: string; model: string }[] }
  t.ok(data.some(({ model }) => model === 'gpt-3.5-turbo'))
  t.strictSame(
    data.filter(({ status }) => ['queued', 'in_progress', 'requires_action'].includes(status)),
    [],
  )
})
