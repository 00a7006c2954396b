import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { temporary } from './sqlite/helpers.js'
import type { Measured } from './waiting-memory.js'

const count = 10_000
const limit = 5 * 1024

await t.test(`${count} jobs that wait`, async (t) => {
  const program = path.join(import.meta.dirname, 'waiting-memory.js')
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, temporary(t), String(count)], {
    // the test runner's own loaders are none of the program's business
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const measured = JSON.parse(stdout) as Measured
  for (const [way, bytes] of [
    ['submitted', measured.bytesPerSubmitted],
    ['recovered', measured.bytesPerRecovered],
  ] as const) {
    t.ok(bytes <= limit, `${way}: ${Math.round(bytes)} bytes each`)
    t.ok(bytes > 200, `${way}: they were there when they were measured`)
  }
  t.equal(measured.recovered, count)
  t.equal(measured.waiting, count - 1, 'all but the one that runs')
  t.ok(measured.listMs < 500, `a page is listed in ${Math.round(measured.listMs)} ms`)
  t.ok(measured.recoverMs < 5000, `all are taken up in ${Math.round(measured.recoverMs)} ms`)
})
