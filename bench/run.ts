/**
 * `npm run bench`: the bridge beside a direct call and the bare CLI, all against one local stand-in for the model.
 * Prints a table and writes `bench/results/<date>.json`. `--quick` takes fewer samples. A missed target fails nothing; a wrong answer, an
 * error, a step that is not done in its time, or anything left behind makes it exit with 1. `npm run bench -- latency reuse` runs
 * those steps alone (`steps.ts` has all of them), `-- silence calls_20k` one case of that step. docs/testing.md describes the steps.
 */
import { machine, writeResults } from './results.js'
import { openRig } from './rig.js'
import { runSteps } from './step.js'
import { stepsOf } from './steps.js'
import { table } from './table.js'

if (process.platform !== 'linux') {
  console.error('The benchmark reads /proc, so it needs Linux.')
  process.exit(1)
}
const quick = process.argv.includes('--quick')
const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const names = stepsOf([]).map(({ name }) => name)
const others = words.filter((word) => !names.includes(word))
if (others.length > 0 && !words.includes('silence')) {
  console.error(`There is no step ${others.join(', ')}. The steps: ${names.join(', ')}.`)
  process.exit(1)
}
const steps = stepsOf(others).filter(({ name, unasked }) => (words.length === 0 ? unasked === undefined : words.includes(name)))

// a run that is interrupted kills its servers and their processes, and has failed. Not `once`: execa ends a process without a listener
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(`stopped: ${signal}`)))
const from = performance.now()
const rig = await openRig(quick, stop.signal)
const facts = machine(rig.cli.version)
console.log(`${facts.cores} cores (${facts.cpu}), ${facts.memoryGiB} GiB, Node ${facts.node}, CLI ${facts.cli}`)
if (facts.loadBefore > facts.cores / 4) {
  const load = facts.loadBefore.toFixed(1)
  rig.findings.notes.push(`the machine was busy before the run (load ${load}): these figures say little`)
}
await runSteps(rig, steps)
await rig.close()

const seconds = Math.round((performance.now() - from) / 1000)
const file = writeResults(rig.findings, facts, quick, seconds)
console.log(`\n${table(rig.findings)}\n`)
const { notes, problems } = rig.findings
for (const note of notes) console.log(`note: ${note}`)
for (const problem of problems.slice(0, 20)) console.log(`WRONG: ${problem}`)
console.log(`${problems.length === 0 ? 'nothing wrong' : `${problems.length} problems`}, ${seconds} s, ${file}`)
process.exit(problems.length === 0 ? 0 : 1)
