/** `/tasks`: started, read, awaited, followed, resumed, reviewed, cancelled, forgotten. */
import t from 'tap'
import { until } from '../helper.js'
import { type Script, answer } from '../upstreams/provider.js'
import { sideBySide } from './limit.js'
import { says, startPlayed } from './provider-server.js'

t.setTimeout(170_000)
const { bridge, provider, recorder } = await startPlayed(t)
const silent: Script = () => undefined
const checks = {
  validation: [{ type: 'json_string' }],
  retry_config: { max_attempts: 2, initial_delay: 0.01 },
  max_attempts_before_human: 1,
}
const seen = (name: string) => until(() => provider.of(`[${name}]`).length > 0)

/** Starts a task without recording it. */
async function start(name: string, script: Script[], more: Record<string, unknown> = {}): Promise<string> {
  provider.when(`[${name}]`, ...script)
  const response = await bridge.post('/tasks', says(name, more))
  return ((await response.json()) as { id: string }).id
}

const reads = async () => {
  const id = await start('read', [answer('read me')], { metadata: { k: 'v' } })
  const at = { path: `/tasks/${id}` }
  await recorder.make({ ...at, name: 'task wait', cell: ['GET /tasks/:id', 'long poll', 'stop'], path: `/tasks/${id}?wait=60` }, false)
  await recorder.make({ ...at, name: 'task poll', cell: ['GET /tasks/:id', 'poll', 'stop'] }, false)
  const events = ['GET /tasks/:id/events'] as const
  await recorder.make({ name: 'events', cell: [...events, 'events', 'stop'], path: `/tasks/${id}/events` }, false)
  const headers = { 'last-event-id': '2' }
  await recorder.make({ name: 'events last id', cell: [...events, 'events resumed', 'stop'], path: `/tasks/${id}/events`, headers }, false)
  const after = `/tasks/${id}/events?starting_after=2`
  await recorder.make({ name: 'events after', cell: [...events, 'events resumed', 'stop'], path: after }, false)
  await recorder.make(
    { name: 'cancel ended', cell: ['POST /tasks/:id/cancel', 'block', 'already ended'], path: `/tasks/${id}/cancel`, body: {} },
    false,
  )
  await recorder.make(
    {
      name: 'review ended',
      cell: ['POST /tasks/:id/review', 'block', 'not_waiting_for_review'],
      path: `/tasks/${id}/review`,
      body: { decision: 'approve' },
    },
    false,
  )
  await recorder.make(
    { name: 'no file', cell: ['GET /tasks/:id/files/*', 'block', 'file_not_found'], path: `/tasks/${id}/files/a.txt` },
    false,
  )
  await recorder.make({ ...at, name: 'delete', cell: ['DELETE /tasks/:id', 'block', 'done'], method: 'DELETE' }, false)
  await recorder.make({ ...at, name: 'deleted', cell: ['GET /tasks/:id', 'poll', 'task_not_found'] }, false)
}

const cancels = async () => {
  const id = await start('cancel', [silent])
  await seen('cancel')
  await recorder.make({ name: 'cancel', cell: ['POST /tasks/:id/cancel', 'block', 'cancel'], path: `/tasks/${id}/cancel`, body: {} }, false)
  await recorder.make({ name: 'cancelled events', cell: ['GET /tasks/:id/events', 'events', 'cancel'], path: `/tasks/${id}/events` }, false)
  await recorder.make({ name: 'cancelled task', cell: ['GET /tasks/:id', 'poll', 'cancel'], path: `/tasks/${id}` }, false)
}

const fails = async () => {
  const id = await start('timeout', [silent], { timeout: 1 })
  await recorder.make({ name: 'timeout', cell: ['GET /tasks/:id', 'long poll', 'timeout'], path: `/tasks/${id}?wait=60` }, false)
  await recorder.make({ name: 'timeout events', cell: ['GET /tasks/:id/events', 'events', 'timeout'], path: `/tasks/${id}/events` }, false)
  const failing = says('failed check', { validation: [{ type: 'json_string' }], retry_config: { max_attempts: 2, initial_delay: 0.01 } })
  const cell = ['POST /v1/chat/completions', 'block, provider', 'validation_failed'] as const
  await recorder.make({ name: 'failed check', cell, body: failing, provider: [answer('no JSON')] })
  await recorder.make({
    name: 'passed check',
    cell: [cell[0], cell[1], 'stop: second attempt'],
    body: says('passed check', { ...checks, max_attempts_before_human: 2 }),
    provider: [answer('no JSON'), answer('{"a":1}')],
  })
}

const review = (decision: string, more: Record<string, unknown>) => async () => {
  const name = `review ${decision}`
  const cell = ['POST /v1/chat/completions', 'block, provider', 'human_review_required'] as const
  const { headers } = await recorder.make({ name, cell, body: says(name, checks), provider: [answer('no JSON'), answer('{"a":1}')] })
  const id = headers.get('x-bridge-task-id')!
  await recorder.make({ name: `${name} waits`, cell: ['GET /tasks/:id', 'poll', 'requires_action'], path: `/tasks/${id}` }, false)
  const ending = `review: ${decision}`
  // how far a retry has come when it is answered is a matter of timing
  const body = { decision, ...more }
  const at = { path: `/tasks/${id}/review`, body }
  if (decision === 'retry') await bridge.post(at.path, body)
  else await recorder.make({ ...at, name: `${name} decided`, cell: ['POST /tasks/:id/review', 'block', ending] }, false)
  await recorder.make({ name: `${name} ended`, cell: ['GET /tasks/:id', 'long poll', ending], path: `/tasks/${id}?wait=60` })
  await recorder.make({ name: `${name} events`, cell: ['GET /tasks/:id/events', 'events', ending], path: `/tasks/${id}/events` }, false)
}

const accepted = async () => {
  const task = { provider: [answer('later')] }
  const chat = 'POST /v1/chat/completions'
  await recorder.make({ ...task, name: 'accepted', cell: ['POST /tasks', 'poll', 'accepted'], body: says('accepted') }, false)
  const headers = { prefer: 'respond-async' }
  await recorder.make({ ...task, name: 'prefer', cell: [chat, 'poll', 'accepted'], headers, body: says('prefer') }, false)
  for (const more of [{ background: true }, { wait_for_completion: false }]) {
    const name = Object.keys(more)[0]!
    await recorder.make({ ...task, name, cell: [chat, 'poll', 'accepted'], body: says(name, more) }, false)
  }
  for (const name of ['list 1', 'list 2', 'list 3']) {
    const id = await start(name, [answer(name)], { model: 'acme/list' })
    await (await bridge.get(`/tasks/${id}?wait=60`)).text()
  }
  for (const [name, query] of [
    ['list', 'limit=2'],
    ['list asc', 'order=asc&status=completed'],
  ]) {
    await recorder.make({ name: name!, cell: ['GET /tasks', 'block', 'read'], path: `/tasks?model=acme/list&${query}` }, false)
  }
}

const polls = async () => {
  const one = { headers: { prefer: 'respond-async, wait=60' }, provider: [answer('in time')] }
  const route = 'POST /v1/chat/completions'
  await recorder.make({ ...one, name: 'prefer wait', cell: [route, 'block, then poll', 'stop'], body: says('prefer wait') })
  const headers = { 'idempotency-key': 'golden' }
  const same = { headers, provider: [answer('once')], body: says('idempotent') }
  await recorder.make({ ...same, name: 'idempotent', cell: [route, 'block, provider', 'stop: idempotency key'] })
  await recorder.make({ ...same, name: 'idempotent again', cell: [route, 'block, provider', 'stop: replayed'] }, false)
  await recorder.make(
    { headers, name: 'idempotent other', cell: [route, 'block, provider', 'idempotency_key_reused'], body: says('other') },
    false,
  )
}

await sideBySide(
  reads,
  cancels,
  fails,
  review('approve', {}),
  review('reject', { feedback: 'no' }),
  review('retry', { feedback: 'JSON' }),
  accepted,
  polls,
)
recorder.settle(t, 'tasks')
