/**
 * `npm test`: runs the compiled tests with tap and ends with the plain line `N passed, N failed`, counted in assertions.
 * Arguments are test files; without any, all of them. Exits with 1 if anything failed or nothing was run.
 */
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { execa } from 'execa'

const here = import.meta.dirname
const report = path.join(here, '../test-report.tap')

function testFiles(): string[] {
  const given = process.argv.slice(2)
  if (given.length > 0) return given
  const found = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.js'))
  return found.sort().map((file) => path.join(here, file))
}

/** Counts the assertions of a TAP document: its innermost `ok` and `not ok` lines, those of a subtest's summary left out. */
function count(tap: string): { passed: number; failed: number; skipped: number } {
  const totals = [...tap.matchAll(/^# \{ total: (.*) \}$/gm)].at(-1)?.[1] ?? ''
  const number = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
  return { passed: number('pass'), failed: number('fail'), skipped: number('skip') }
}

/** The failed assertions with what tap says of them. */
function failures(tap: string): string[] {
  const found: string[] = []
  for (const match of tap.matchAll(/^( *)not ok .*\n(?:\1  ---\n(?:\1  .*\n|\n)*?\1  \.\.\.\n)?/gm)) {
    // a subtest's own line repeats what its assertion has said
    if (match[0].includes('  ---')) found.push(match[0].trimEnd())
  }
  return found
}

rmSync(report, { force: true })
const tap = path.join(path.dirname(createRequire(import.meta.url).resolve('tap/package.json')), 'dist/esm/run.mjs')
const run = await execa(
  process.execPath,
  [tap, '--disable-coverage', '--reporter=silent', '--jobs=2', '--timeout=180', `--output-file=${report}`, ...testFiles()],
  { stdio: ['ignore', 'inherit', 'inherit'], reject: false, cwd: path.join(here, '../..') },
)
const document = readFileSync(report, 'utf8')
for (const file of document.matchAll(/^(not )?ok \d+ - (.*)$/gm)) console.log(`${file[1] === undefined ? 'passed' : 'FAILED'}  ${file[2]}`)
for (const failure of failures(document)) console.log(`\n${failure}`)
const result = count(document)
// a file that crashed before its first assertion fails without one
if (run.exitCode !== 0 && result.failed === 0) result.failed = 1
if (result.passed === 0) result.failed ||= 1
const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
console.log(`${result.passed} passed, ${result.failed} failed${skipped}`)
process.exitCode = result.failed > 0 ? 1 : 0
