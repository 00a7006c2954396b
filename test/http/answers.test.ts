/** A job's answer on a connection: how it ends, and what becomes of the job when its client leaves. */
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { blockCompletion } from '../../src/http/block-completion.js'
import { streamCompletion } from '../../src/http/stream-completion.js'
import { defaultTiming as timing } from '../../src/http/timing.js'
import type { Job } from '../../src/jobs/job.js'
import { onBench, until } from '../jobs/bench.js'

/** A server whose one route answers with `answer`. */
async function serve(t: Test, answer: (reply: FastifyReply) => Promise<FastifyReply>): Promise<string> {
  const app = fastify()
  app.get('/', (_request, reply) => {
    // a connection that the client keeps would have timers
    reply.raw.shouldKeepAlive = false
    return answer(reply)
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`
}

await onBench(t, 'a stream has one end', {}, async (t, { jobs, executor, submit }) => {
  const job = await submit()
  const url = await serve(t, (reply) => streamCompletion(reply, jobs, job, { includeUsage: false, timing }))
  const response = fetch(url)
  const run = await executor.next()
  run.say('all of it')
  run.finish()
  const frames = (await (await response).text()).split('\n\n').filter((frame) => frame.startsWith('data: '))
  t.match(frames.join('\n'), /all of it/)
  t.equal(frames.at(-1), 'data: [DONE]')
  t.equal(frames.filter((frame) => frame === 'data: [DONE]').length, 1)
  t.equal(frames.filter((frame) => /"finish_reason":"/.test(frame)).length, 1)
})

const ways: Record<string, (reply: FastifyReply, jobs: Parameters<typeof blockCompletion>[1], job: Job) => Promise<FastifyReply>> = {
  blocking: (reply, jobs, job) => blockCompletion(reply, jobs, job, timing),
  streaming: (reply, jobs, job) => streamCompletion(reply, jobs, job, { includeUsage: false, timing }),
}

for (const [way, answer] of Object.entries(ways)) {
  await onBench(t, `a client that leaves takes its job along: ${way}`, {}, async (t, { jobs, executor, submit }) => {
    const job = await submit()
    let asked = false
    const url = await serve(t, (reply) => {
      asked = true
      return answer(reply, jobs, job)
    })
    const leaving = new AbortController()
    const response = fetch(url, { signal: leaving.signal }).catch(() => null)
    const run = await executor.next()
    await until(() => asked)
    leaving.abort()
    await response
    await until(() => run.aborted, 2000)
    t.ok(run.aborted)
    // nothing is to run on where it was not
    await jobs.cancel(job.id)
  })
}
