import { test } from 'tap'
import { depthBelow, depthOf, maxDepth, readDepth } from '../../../src/intake/depth.js'

void test('a header says how deep its job is, up to the limit', async (t) => {
  t.equal(readDepth(undefined), 0)
  t.equal(readDepth(String(maxDepth)), maxDepth)
  t.throws(() => readDepth(String(maxDepth + 1)), /levels deep/)
  for (const bad of ['', '-1', '1.5', '${CLAUDE_BRIDGE_DEPTH}', '1, 1', '9999999', ['1', '2']]) {
    t.throws(() => readDepth(bad), /x-bridge-depth has to be/, String(bad))
  }
})

void test('what a job asks the bridge for stands one level below it', async (t) => {
  t.equal(depthBelow({}), '1')
  t.equal(depthBelow({ depth: 2 }), '3')
  t.throws(() => readDepth(depthBelow({ depth: maxDepth })), /levels deep/)
})

void test('a job that is known is at least as deep as it is, whatever it says', async (t) => {
  t.equal(depthOf(undefined, null), 0)
  t.equal(depthOf('2', null), 2)
  t.equal(depthOf(undefined, {}), 1)
  t.equal(depthOf('0', { depth: 1 }), 2)
  t.equal(depthOf('3', { depth: 1 }), 3)
  t.throws(() => depthOf('1', { depth: maxDepth }), /levels deep; this would be level 4/)
  t.throws(() => depthOf('deep', {}), /x-bridge-depth has to be/)
})
