/**
 * `npm test`: runs the compiled tests and ends with the plain line `N passed, N failed`, counted in assertions. Arguments are test files;
 * without any, all of them. `--profile` adds a table of where the time went. Exits with 1 if anything failed or nothing was run.
 */
import { appendFileSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { groups } from './runner/light.js'
import { type ProcessResult, runFiles } from './runner/process.js'
import { profileTable } from './runner/profile.js'
import { sourceLines } from './runner/source-lines.js'

const here = import.meta.dirname
const root = path.join(here, '../..')
const report = path.join(here, '../test-report.tap')
const profileFile = path.join(here, '../test-profile.jsonl')
const jobs = 2

const profiling = process.argv.includes('--profile')
const given = process.argv.slice(2).filter((argument) => argument !== '--profile')

function testFiles(): string[] {
  if (given.length > 0) return given.map((file) => path.resolve(file))
  const found = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.js'))
  return found.sort().map((file) => path.join(here, file))
}

for (const file of [report, profileFile]) rmSync(file, { force: true })
if (profiling) process.env['PROFILE_FILE'] = profileFile
const preload = profiling ? path.join(here, 'runner/profile-hook.js') : undefined

const begun = performance.now()
const waiting = groups(testFiles(), here)
const results: ProcessResult[] = []

async function worker(): Promise<void> {
  for (let files = waiting.shift(); files !== undefined; files = waiting.shift()) {
    const result = await runFiles(files, preload)
    results.push(result)
    appendFileSync(report, result.tap)
    for (const { file, problem } of result.files) {
      const name = path.relative(root, file)
      console.log(problem === null ? `passed  ${name}` : `FAILED  ${name} (${problem})`)
    }
  }
}
await Promise.all(Array.from({ length: jobs }, worker))

for (const { failures } of results) for (const failure of failures) console.log(`\n${sourceLines(failure, root)}`)
if (profiling) console.log(`\n${profileTable(profileFile, (performance.now() - begun) / 1000, jobs)}`)
const sum = (name: 'passed' | 'failed' | 'skipped') => results.reduce((total, { counts }) => total + counts[name], 0)
const failed = sum('failed') || (sum('passed') === 0 ? 1 : 0)
const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
console.log(`${sum('passed')} passed, ${failed} failed${skipped}`)
process.exitCode = failed > 0 ? 1 : 0
