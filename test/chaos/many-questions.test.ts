import t from 'tap'
import { askMany } from './many-questions.js'

t.setTimeout(300_000)

void t.test('questions in a row leave nothing behind', async (t) => {
  const tally = await askMany(50)
  t.strictSame(tally.findings, [])
  t.ok(tally.processes <= 10, 'they share a few processes')
  t.match(tally.left, { exitCode: 0, processes: 0, folders: 0, portOpen: false, upstreamOpen: 0 })
})
