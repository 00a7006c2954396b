/** One file or several in a process: what is counted, and that the file at fault is named. */
import path from 'node:path'
import t from 'tap'
import { runFiles } from './process.js'

const sample = (name: string) => path.join(import.meta.dirname, `samples/${name}.js`)

async function problems(...names: string[]) {
  const result = await runFiles(names.map(sample))
  return { ...result, problems: result.files.map(({ file, problem }) => [path.basename(file, '.js'), problem]) }
}

await t.test('a file by itself', async (t) => {
  t.match(await problems('passes'), { problems: [['passes', null]], counts: { passed: 2, failed: 0, skipped: 0 }, failures: [] })
  const wrong = await problems('fails')
  t.match(wrong, { problems: [['fails', 'exit code 1']], counts: { passed: 1, failed: 1 } })
  t.equal(wrong.failures.length, 1)
  t.match(wrong.failures[0], /one is two/)
  t.match(await problems('throws'), { problems: [['throws', 'exit code 1']], counts: { passed: 1, failed: 1 } })
  const gone = await problems('exits')
  t.match(gone.problems, [['exits', 'exit code 3']], 'an end in the middle is no success')
  t.equal(gone.counts.failed, 1)
  t.not((await problems('missing')).problems[0]![1], null)
})

await t.test('several in one process', async (t) => {
  t.match(await problems('passes', 'passes'), { counts: { failed: 0 } })
  const wrong = await problems('passes', 'fails', 'throws')
  t.match(wrong.problems, [
    ['passes', null],
    ['fails', 'failed assertions'],
    ['throws', 'failed assertions'],
  ])
  t.match(wrong.counts, { passed: 4, failed: 2 })
  t.match(wrong.failures.join(), /one is two[^]*thrown by the sample/)
  const gone = await problems('passes', 'exits', 'fails')
  t.match(gone.problems, [
    ['passes', null],
    ['exits', 'exit code 3'],
    ['fails', 'not reached'],
  ])
  t.ok(gone.counts.failed > 0)
  t.match(await problems('holds', 'holds-again'), { counts: { passed: 2, failed: 0 } }, 'what a file has to end is ended before the next')
})
