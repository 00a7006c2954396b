import { test } from 'tap'
import { RunningCalls } from '../../../mcp/server/calls.js'

void test('a session cancels the calls of its owner only', async (t) => {
  const calls = new RunningCalls()
  const ann = calls.begin('ann', 'session', 1)
  const bob = calls.begin('bob', 'session', 1)
  calls.cancel('bob', 'session')
  t.notOk(ann.signal.aborted)
  t.ok(bob.signal.aborted)
})

void test('a call that is over is not kept', async (t) => {
  const calls = new RunningCalls()
  const call = calls.begin('ann', 'session', 1)
  t.equal(calls.size, 1)
  call.end()
  t.equal(calls.size, 0)
})
