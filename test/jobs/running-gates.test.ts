import t from 'tap'
import { RunningGates } from '../../src/jobs/running-gates.js'

await t.test('a limit that changes while jobs wait', (t) => {
  let most = 1
  const gates = new RunningGates(() => most)
  const begun: string[] = []
  for (const id of ['a1', 'a2', 'a3', 'a4']) gates.enter(id, 'ann', () => begun.push(id))
  gates.enter('b1', 'bob', () => gates.leave('b1', 'bob'))
  most = 3
  gates.changed()
  t.strictSame(begun, ['a1', 'a2', 'a3'])
  most = 1
  gates.changed()
  gates.leave('a1', 'ann')
  t.strictSame(begun, ['a1', 'a2', 'a3'], 'fewer: none begins before enough have ended')
  t.end()
})

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
