import t from 'tap'
import { endsJob } from '../../src/jobs/replicas.js'
import { isFinal, statuses } from '../../src/jobs/status.js'

await t.test('what is heard of a job, and whether it is the end', async (t) => {
  for (const status of statuses) t.equal(endsJob(status), isFinal(status), status)
  t.equal(endsJob('gone'), true)
  // most of what is heard is no status at all
  t.equal(endsJob('pieces'), false)
  t.equal(endsJob('missed'), false)
})
