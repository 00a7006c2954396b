/** A program that hangs, spins or ends costs no more than it may, and leaves nothing. */
import t from 'tap'
import { probeIds } from '../../../src/claude/check/verdict.js'
import { noneAlive } from '../harness.js'
import { checked, program } from './stub.js'

const deaf = `process.on('SIGTERM', () => {}).on('SIGINT', () => {}).on('SIGHUP', () => {})`
const hangs = `${deaf}; process.stdin.resume(); setInterval(() => {}, 1000)`

await t.test('one that hangs', async (t) => {
  const limits = { totalMs: 3000, stepMs: 800, cpuMs: 15_000 }
  const { verdict, left, ms } = await checked(t, program(t, hangs), { limits })
  t.strictSame(left, [], 'no process and no file is left')
  t.ok(ms < 10_000, `${Math.round(ms)} ms`)
  t.ok(verdict.seconds <= 3.5, `${verdict.seconds} s`)
  t.match(verdict.passed.lean, /^the (answer to 'check-chat-1'|start of a process) took longer than 0\.8 s$/)
  t.match(verdict.passed.warm_up, /longer than|the limit of 3 s/)
  t.ok(probeIds.every((id) => verdict.passed[id] !== true))
  t.ok(Object.values(verdict.passed).includes('the check reached its limit of 3 s'))
})

await t.test('one that spins', { skip: process.platform !== 'linux' && 'CPU time is known on Linux' }, async (t) => {
  const limits = { totalMs: 60_000, stepMs: 30_000, cpuMs: 300 }
  const { verdict, left, ms } = await checked(t, program(t, `for (;;) {}`), { limits })
  t.strictSame(left, [])
  t.match(verdict.passed.lean, /^the check reached its limit of 0\.3 s of CPU$/)
  t.match(verdict.passed.warm_up, /of CPU$/)
  t.ok(ms < 20_000, `${Math.round(ms)} ms`)
})

await t.test('one that ends', async (t) => {
  const { verdict, left } = await checked(t, program(t, `console.error('no licence'); process.exit(3)`))
  t.strictSame(left, [])
  t.match(verdict.passed.lean, /^the process ended \(exit code 3\): no licence$/)
})

await t.test('one that is not there', async (t) => {
  const { verdict, left } = await checked(t, '/nowhere/claude')
  t.strictSame(left, [])
  t.match(verdict.passed.lean, /^the process ended \(ENOENT\)/)
  t.equal(verdict.size, 0)
})

await t.test('a check that is stopped', async (t) => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('the server stops')), 500)
  const { verdict, left, ms } = await checked(t, program(t, hangs), { signal: stop.signal })
  t.strictSame(left, [])
  t.ok(ms < 5000, `${Math.round(ms)} ms`)
  t.strictSame(new Set(Object.values(verdict.passed)), new Set(['the server stops']))
})

await t.test('a check that waits for its turn takes no time', async (t) => {
  let free = false
  setTimeout(() => (free = true), 1500)
  const turn = async () => {
    while (!free) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const limits = { totalMs: 1000, stepMs: 300, cpuMs: 15_000 }
  const { verdict, left, ms } = await checked(t, program(t, hangs), { limits, turn })
  t.strictSame(left, [])
  t.ok(ms > 1500)
  t.match(verdict.passed.lean, / took longer than 0\.3 s$/, 'the first step had its time')
  t.ok(verdict.seconds < 1.5, `${verdict.seconds} s`)
})

noneAlive(t)
