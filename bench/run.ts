/**
 * `npm run bench`: the bridge beside a direct call and the bare CLI, all against one local stand-in for the model.
 * Prints a table and writes `bench/results/<date>.json`. `--quick` takes fewer samples. A missed target fails nothing;
 * a wrong answer, an error, or anything left behind makes it exit with 1. `npm run bench -- silence` runs those rows alone,
 * `-- silence calls_20k` one of them.
 */
import { poolReady } from './ask.js'
import { measureCeiling, measureCpu, measureCrowd } from './crowd.js'
import { measureJobsAlone } from './jobs-alone.js'
import { measureLatency } from './latency.js'
import { measureOtherProvider } from './other-provider.js'
import { measureQueueAndReading } from './queue-http.js'
import { machine, writeResults } from './results.js'
import { type Rig, openRig } from './rig.js'
import { measureRunningMemory } from './running-memory.js'
import { measureSilence } from './silence.js'
import { table } from './table.js'
import { measureBytes } from './upstream-bytes.js'
import { measureValidation } from './validation.js'

if (process.platform !== 'linux') {
  console.error('The benchmark reads /proc, so it needs Linux.')
  process.exit(1)
}
const quick = process.argv.includes('--quick')
/** parts of the run that are asked for by name; none: all */
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const from = performance.now()
const rig = await openRig(quick)
const facts = machine(rig.cli.version)
console.log(`${facts.cores} cores (${facts.cpu}), ${facts.memoryGiB} GiB, Node ${facts.node}, CLI ${facts.cli}`)
if (facts.loadBefore > facts.cores / 4) {
  const load = facts.loadBefore.toFixed(1)
  rig.findings.notes.push(`the machine was busy before the run (load ${load}): these figures say little`)
}

// a run that hangs is ended as one that is interrupted: its servers end their processes, and it has failed
const stop = new AbortController()
const limit = setTimeout(() => stop.abort('it took longer than ten minutes'), 600_000)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal))
const stopped = new Promise<void>((_, reject) => {
  stop.signal.addEventListener('abort', () => reject(new Error(`stopped: ${String(stop.signal.reason)}`)))
})
try {
  await Promise.race([measure(rig), stopped])
} catch (error) {
  rig.findings.problems.push(String(error instanceof Error ? error.message : error))
}
clearTimeout(limit)
await rig.close()

const seconds = Math.round((performance.now() - from) / 1000)
const file = writeResults(rig.findings, facts, quick, seconds)
console.log(`\n${table(rig.findings)}\n`)
const { notes, problems } = rig.findings
for (const note of notes) console.log(`note: ${note}`)
for (const problem of problems.slice(0, 20)) console.log(`WRONG: ${problem}`)
console.log(`${problems.length === 0 ? 'nothing wrong' : `${problems.length} problems`}, ${seconds} s, ${file}`)
process.exit(problems.length === 0 ? 0 : 1)

async function measure(rig: Rig): Promise<void> {
  if (only.length === 0) await measureAnswers(rig)
  if (only.length === 0 || only.includes('silence')) await step('silence', () => measureSilence(rig, only.slice(1)))
}

async function measureAnswers({ findings }: Rig): Promise<void> {
  const cold = await rig.start('cold', { WARM_PROCESSES: '0' })
  const warm = await rig.start('warm', { WARM_PROCESSES: '1' })
  const { enabled } = await poolReady(warm.url)
  if (!enabled) findings.notes.push('the server has no warm pool: what is called warm here is cold')
  await step('latency', () => measureLatency(rig, cold, warm))
  await step('eight at once', async () => {
    await measureCeiling(rig)
    await measureCrowd(rig, warm)
  })
  await step('CPU', async () => {
    await measureCpu(rig, warm, 'warm', 'one at a time, warm')
    await measureCpu(rig, cold, 'cold', 'one at a time, cold')
  })
  await step('validation', () => measureValidation(rig, warm))
  await step('upstream bytes', () => measureBytes(rig, warm))
  await rig.end(warm)
  await step('running jobs', () => measureRunningMemory(rig, cold))
  await rig.end(cold)
  await step('jobs alone', () => measureJobsAlone(rig))
  await step('queue and reading', () => measureQueueAndReading(rig))
  await step('another provider', () => measureOtherProvider(rig))
}

/** What fails in one step leaves the others to be measured. */
async function step(name: string, task: () => Promise<void>): Promise<void> {
  const start = performance.now()
  try {
    await task()
  } catch (error) {
    rig.findings.problems.push(`${name}: ${String(error)}`)
  }
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`)
}
