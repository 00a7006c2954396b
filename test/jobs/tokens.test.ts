/** Tokens of jobs: one for each, good while the job is at work. */
import t from 'tap'
import { JobTokens } from '../../src/jobs/tokens.js'
import { redact } from '../../src/redact.js'

function tokensOf(...atWork: string[]): { tokens: JobTokens; jobs: Set<string> } {
  const jobs = new Set(atWork)
  return { jobs, tokens: new JobTokens((id) => jobs.has(id)) }
}

await t.test('a job has one, however often it asks', async (t) => {
  const { tokens } = tokensOf('task_1', 'task_2')
  const token = tokens.issue('task_1', 'ann')!
  t.match(token, /^job_[A-Za-z0-9_-]{43}$/)
  t.equal(tokens.issue('task_1', 'ann'), token)
  t.not(tokens.issue('task_2', 'ann'), token)
  t.strictSame(tokens.find(token), { jobId: 'task_1', owner: 'ann' })
  t.equal(tokens.size, 2)
})

await t.test('nothing else is one', async (t) => {
  const { tokens } = tokensOf('task_1')
  const token = tokens.issue('task_1', 'ann')!
  for (const other of ['', 'job_', 'task_1', token.slice(0, -1), `${token}A`, token.slice(4), token.toUpperCase()]) {
    t.equal(tokens.find(other), null, other)
  }
})

await t.test('it is taken back at the end', async (t) => {
  const { tokens, jobs } = tokensOf('task_1', 'task_2')
  const token = tokens.issue('task_1', 'ann')!
  const other = tokens.issue('task_2', 'bob')!
  jobs.delete('task_1')
  t.equal(tokens.find(token), null, 'also before the end is told')
  tokens.takeBack('task_1')
  tokens.takeBack('task_1')
  t.equal(tokens.size, 1)
  t.equal(tokens.issue('task_1', 'ann'), undefined, 'a run that comes too late gets none')
  t.equal(tokens.size, 1)
  t.strictSame(tokens.find(other), { jobId: 'task_2', owner: 'bob' })
})

await t.test('none while the job waits for a human, and the same one afterwards', async (t) => {
  const { tokens, jobs } = tokensOf('task_1')
  const token = tokens.issue('task_1', 'ann')!
  jobs.delete('task_1')
  t.equal(tokens.find(token), null)
  jobs.add('task_1')
  t.equal(tokens.issue('task_1', 'ann'), token)
})

await t.test('no error repeats it', async (t) => {
  const { tokens } = tokensOf('task_1')
  for (let i = 0; i < 50; i++) {
    const token = tokens.issue('task_1', 'ann')!
    t.equal(redact(`401 for "${token}", it said`), '401 for "job_…", it said')
    t.equal(redact(`cut off: ${token.slice(0, 30)}`), 'cut off: job_…')
    tokens.takeBack('task_1')
  }
})
