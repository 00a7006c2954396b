/** Enqueueing and reading over HTTP, on a server whose only slot is taken and whose store holds a long job. */
import { post, model } from './ask.js'
import { dataDirOf } from './bridge.js'
import { seedLongJob } from './long-job.js'
import { newQuestion } from './question.js'
import type { Rig } from './rig.js'

const events = 10_000

interface Task {
  id: string
  status: string
}

export async function measureQueueAndReading(rig: Rig): Promise<void> {
  const { findings } = rig
  const longId = await seedLongJob(dataDirOf(rig.folder, 'queue'), events)
  const bridge = await rig.start('queue', { WARM_PROCESSES: '0', MAX_CONCURRENT: '1', MAX_QUEUED: '20000' })
  const reads = rig.quick ? 50 : 200
  const polls = await repeat(reads, async () => {
    const task = (await (await fetch(`${bridge.url}/tasks/${longId}`)).json()) as Task
    findings.check(task.status === 'completed', `the long job is ${task.status}`)
  })
  findings.add('poll', 'poll: GET /tasks/:id of a job with 10,000 events', 'ms', polls)
  for (const [after, name] of [
    [0, 'whole'],
    [events - 100, 'from event 9,900'],
  ] as const) {
    const times = await repeat(rig.quick ? 5 : 15, async () => {
      const body = await (await fetch(`${bridge.url}/tasks/${longId}/events?starting_after=${after}`)).text()
      const seen = [...body.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))
      const whole = seen.length === events - after && seen.every((seq, index) => seq === after + index + 1)
      findings.check(whole, `reading ${name}: ${seen.length} events, not ${events - after} in their order`)
    })
    findings.add(`resume_${after}`, `SSE resume of 10,000 events: ${name}`, 'ms', times)
  }

  const holding = (await (await post(`${bridge.url}/tasks`, taskOf(newQuestion(20_000).text))).json()) as Task
  const posts = await repeat(rig.quick ? 200 : 500, async () => {
    const response = await post(`${bridge.url}/tasks`, taskOf(newQuestion().text))
    const task = (await response.json()) as Task
    const queued = response.status === 202 && task.status === 'queued'
    findings.check(queued, `POST /tasks: ${response.status}, ${task.status}`)
  })
  findings.add('enqueue_http', 'durable enqueue: POST /tasks', 'ms', posts)
  // the server would wait for it
  const ended = rig.end(bridge)
  await post(`${bridge.url}/tasks/${holding.id}/cancel`, {}).catch(() => undefined)
  await ended
}

function taskOf(text: string): object {
  return { model, messages: [{ role: 'user', content: text }] }
}

async function repeat(times: number, task: () => Promise<void>): Promise<number[]> {
  const samples: number[] = []
  // a few to warm up
  for (let count = -5; count < times; count++) {
    const from = performance.now()
    await task()
    if (count >= 0) samples.push(performance.now() - from)
  }
  return samples
}
