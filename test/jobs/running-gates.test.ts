import t from 'tap'
import { RunningGates } from '../../src/jobs/running-gates.js'

await t.test('so many of an owner at once', (t) => {
  let most: number | undefined = 2
  const gates = new RunningGates((owner) => (owner === 'ann' ? most : undefined))
  const begun: string[] = []
  const enter = (id: string, owner = 'ann') => gates.enter(id, owner, () => begun.push(id))
  for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) enter(id)
  enter('b1', 'bob')
  t.strictSame(begun, ['a1', 'a2', 'b1'])
  const quit = enter('a6')
  quit()
  gates.leave('a4', 'ann')
  gates.leave('a1', 'ann')
  gates.leave('a1', 'ann')
  t.strictSame(begun, ['a1', 'a2', 'b1', 'a3'], 'one that left the line does not begin, and none leaves twice')
  most = undefined
  gates.leave('a2', 'ann')
  t.strictSame(begun, ['a1', 'a2', 'b1', 'a3', 'a5'])
  gates.leave('never', 'carl')
  t.end()
})
