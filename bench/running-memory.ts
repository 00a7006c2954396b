/** Memory of jobs at work: a few questions whose answers are long in coming, looked at while they wait. */
import { setTimeout as sleep } from 'node:timers/promises'
import { askStreaming } from './ask.js'
import type { Bridge } from './bridge.js'
import { descendants, memoryOf } from './procfs.js'
import { newQuestion } from './question.js'
import { rest } from './rest.js'
import type { Rig } from './rig.js'

const jobs = 4
const holdMs = 4000

/** @param bridge one without a pool, so that every process below it is at a job's work */
export async function measureRunningMemory(rig: Rig, bridge: Bridge): Promise<void> {
  await rest([bridge.pid])
  const before = memoryOf(bridge.pid)
  const asked = Array.from({ length: jobs }, async () => {
    const { text, answer } = newQuestion(holdMs)
    const timed = await askStreaming(bridge.url, [{ role: 'user', content: text }])
    rig.findings.check(timed.text === answer, 'memory of running jobs: a wrong answer')
  })
  await sleep(holdMs - 500)
  const processes = descendants(bridge.pid)
  rig.findings.check(processes.length === jobs, `${jobs} running jobs have ${processes.length} processes`)
  const total = processes.reduce((sum, pid) => sum + memoryOf(pid), 0)
  rig.findings.add('running_cli', `memory per running job, ${jobs} at once: CLI (PSS)`, 'MiB', total / jobs)
  const server = memoryOf(bridge.pid)
  const added = (server - before) / jobs
  rig.findings.add('running_server', `memory per running job, ${jobs} at once: server (PSS)`, 'MiB', added)
  rig.findings.add('server_memory', 'memory of the server (PSS)', 'MiB', server)
  await Promise.all(asked)
}
