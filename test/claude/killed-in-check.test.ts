/** A process that goes while its answer by a schema is being checked: the answer was whole, and is given once. */
import t from 'tap'
import type { JobEvent } from '../../src/jobs/events.js'
import { freeSeat } from '../jobs/seat.js'
import { message, startStandin, structuredOutput } from '../standin/index.js'
import { markedProcesses, noneAlive, says, temporary } from './harness.js'
import { realCli } from './real-cli.js'
import { executorFor } from './reuse-bodies.js'

const cli = await realCli()
const standin = await startStandin()
t.teardown(() => standin.close())
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }

for (const problem of [null, 'it is no city']) {
  await t.test(problem ?? 'nothing is wrong with it', { skip: process.platform !== 'linux' }, async (t) => {
    const marker = `K-${problem}`
    standin.when(marker, message([structuredOutput({ city: 'Rome' })]))
    const workspaceRoot = temporary(t)
    const executor = executorFor(cli, cli.hostFor(standin), workspaceRoot, {
      outputProblem: async () => {
        for (const pid of markedProcesses(workspaceRoot)) process.kill(pid, 'SIGKILL')
        // longer than it takes to see that they have gone, and to begin anew
        await new Promise((resolve) => setTimeout(resolve, 3000))
        return problem
      },
    })
    t.teardown(() => executor.close())
    const events: JobEvent[] = []
    const { outcome, gone } = executor.run({
      ...{ jobId: 'job-1', owner: 'anna', choice: 0, signal: new AbortController().signal, alive: () => {}, seat: freeSeat },
      request: { kind: 'claude', model: 'claude-opus-5-5', system: [], turns: [says(marker)], output: { name: 'place', schema } },
      emit: (event) => events.push(event),
    })
    t.match(
      await outcome,
      problem === null ? { kind: 'finished', reason: 'stop' } : { kind: 'failed', failure: { code: 'output_not_valid' } },
    )
    await gone
    const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('')
    t.equal(text, problem === null ? '{"city":"Rome"}' : '')
    t.equal(standin.calls.filter((call) => JSON.stringify(call.body.messages).includes(marker)).length, 1, 'the model is asked once')
  })
}

noneAlive(t)
