/**
 * `npm run mutants [name…]`: applies each mutant to a copy of the project and runs the tests that it names, two mutants at a time.
 * Ends with 1 where a mutant is not caught or does not apply, or where a test fails without it.
 *
 * `--refresh` rewrites the patches whose context has moved. `--types` runs the compiler on each mutant as well.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { Copy, type TestResult } from './copy.js'
import { type Mutant, kinds, parts, readMutants } from './patch.js'

const root = path.join(import.meta.dirname, '../../..')
const atOnce = 2
/** A test that takes longer is named: a quicker one may catch the mutant as well. */
const slowS = 20

const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const refresh = process.argv.includes('--refresh')
const types = process.argv.includes('--types')

const all = readMutants(root)
const missing = names.filter((name) => !all.some((mutant) => mutant.name === name))
if (missing.length > 0) throw new Error(`there is no mutant ${missing.join(', ')}`)
const mutants = names.length === 0 ? all : all.filter(({ name }) => names.includes(name))

const copies: Copy[] = []
const removeCopies = () => {
  for (const copy of copies) copy.remove()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    removeCopies()
    process.exit(130)
  })
}

/** Runs `work` on each item, on as many copies as there are. */
async function onCopies<T>(items: readonly T[], work: (item: T, copy: Copy) => Promise<void>): Promise<void> {
  const queue = [...items]
  const lane = async (copy: Copy) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next, copy)
  }
  await Promise.all(copies.map(lane))
}

/** The tests that fail without any mutant prove nothing. */
async function testUnmutated(): Promise<Map<string, TestResult>> {
  const results = new Map<string, TestResult>()
  await onCopies([...new Set(mutants.flatMap(({ tests }) => tests))], async (file, copy) => {
    const result = await copy.test(file)
    results.set(file, result)
    if (result.kind !== 'passed') console.log(`${file} fails without a mutant: ${wordsOf(result)}`)
    if (result.seconds > slowS) console.log(`${file} takes ${result.seconds} s`)
  })
  return results
}

interface Verdict {
  mutant: Mutant
  caught: boolean
  words: string
}

async function judge(mutant: Mutant, copy: Copy, unmutated: Map<string, TestResult>): Promise<Verdict> {
  const applied = await copy.apply(mutant)
  if (applied.kind === 'refused') return { mutant, caught: false, words: `DOES NOT APPLY (${applied.why})` }
  try {
    const note = applied.moved ? ' (context has moved)' : ''
    if (applied.moved && refresh) writeFileSync(mutant.file, mutant.header + (await copy.diff(mutant)))
    const problem = types ? await copy.typeProblem() : null
    if (problem !== null) return { mutant, caught: false, words: `DOES NOT COMPILE (${problem})` }
    const misses: string[] = []
    for (const file of mutant.tests) {
      if (unmutated.get(file)?.kind !== 'passed') {
        misses.push(`${file} fails without it`)
        continue
      }
      const result = await copy.test(file)
      if (result.kind === 'failed') return { mutant, caught: true, words: `${result.seconds} s, ${file}: ${result.first}${note}` }
      misses.push(`${file}: ${wordsOf(result)}`)
    }
    return { mutant, caught: false, words: `NOT CAUGHT (${misses.join('; ')})${note}` }
  } finally {
    copy.restore(mutant)
  }
}

function wordsOf(result: TestResult): string {
  switch (result.kind) {
    case 'passed':
      return 'passes'
    case 'failed':
      return result.first
    case 'broken':
      return result.why
  }
}

/** Kinds of faults in rows, parts of the project in columns: how many mutants are caught, of how many. */
function table(verdicts: readonly Verdict[]): string {
  const cell = (of: readonly Verdict[]) => (of.length === 0 ? '-' : `${of.filter(({ caught }) => caught).length}/${of.length}`)
  const rows = [...kinds, 'all'].map((kind) => {
    const ofKind = verdicts.filter(({ mutant }) => kind === 'all' || mutant.kind === kind)
    return [kind, ...parts.map((part) => cell(ofKind.filter(({ mutant }) => mutant.part === part))), cell(ofKind)]
  })
  return [['', ...parts, 'all'], ...rows]
    .map((row) =>
      row
        .map((text) => text.padEnd(11))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

const started = performance.now()
const verdicts: Verdict[] = []
try {
  for (let lane = 0; lane < Math.min(atOnce, mutants.length); lane++) copies.push(new Copy(root))
  const unmutated = await testUnmutated()
  await onCopies(mutants, async (mutant, copy) => {
    const verdict = await judge(mutant, copy, unmutated)
    verdicts.push(verdict)
    console.log(`${verdict.caught ? 'ok    ' : 'FAILED'}  ${mutant.name}: ${verdict.words}`)
  })
} finally {
  removeCopies()
}
const caught = verdicts.filter((verdict) => verdict.caught).length
console.log(`\n${table(verdicts)}\n`)
console.log(`${caught} of ${mutants.length} mutants caught, in ${Math.round((performance.now() - started) / 1000)} s`)
process.exitCode = caught === mutants.length && mutants.length > 0 ? 0 : 1
