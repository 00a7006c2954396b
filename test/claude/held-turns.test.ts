import { test } from 'tap'
import { HeldTurns, chainOf } from '../../src/claude/pool/held-turns.js'
import type { Turn } from '../../src/request/conversation.js'
import { answers, says } from './harness.js'

const talk: Turn[] = [says('one'), answers('1'), says('two'), answers('2'), says('three'), answers('3')]

/** A process that has heard them; lines of the user's are named by their place. */
function holding(turns: readonly Turn[]): HeldTurns {
  const held = new HeldTurns()
  for (const [at, turn] of turns.entries()) held.add(turn, turn.role === 'user' ? `uuid-${at}` : null)
  return held
}

void test('how much can stay', async (t) => {
  const held = holding(talk)
  const keep = (...turns: Turn[]) => held.keepFor(chainOf(turns))
  t.equal(keep(...talk), 6, 'the conversation goes on')
  t.equal(keep(...talk.slice(0, 4)), 4, 'an earlier point of it')
  t.equal(keep(...talk.slice(0, 5)), 4, 'an answer cannot be taken back without its question')
  t.equal(keep(says('one'), answers('1'), says('other')), 2, 'a branch')
  t.equal(keep(says('one'), answers('other')), 0)
  t.equal(keep(), 0, 'nothing')
  t.equal(keep(...talk, says('more'), answers('4')), 6, 'a longer one')
})

void test('what has to be taken back, the last first', async (t) => {
  const held = holding(talk)
  t.strictSame(held.takeBack(2), [
    { uuid: 'uuid-4', text: 'three', leavesAnswer: true },
    { uuid: 'uuid-2', text: 'two', leavesAnswer: true },
  ])
  t.equal(held.count, 2)
  t.strictSame(held.takeBack(0), [{ uuid: 'uuid-0', text: 'one', leavesAnswer: false }])
  t.equal(held.keepFor([]), 0)
})

void test('results of calls go with the question that the calls were made for', async (t) => {
  const held = new HeldTurns()
  held.add(says('weather?'), 'uuid-0')
  held.add({ role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] }, null)
  const results: Turn = { role: 'user', content: [{ type: 'tool_result', toolCallId: 'c', content: [] }] }
  held.add(results, null)
  held.add(answers('rain'), null)
  t.equal(held.keepFor(chainOf([says('weather?')])), 0)
  t.strictSame(held.takeBack(0), [{ uuid: 'uuid-0', text: 'weather?', leavesAnswer: false }])
})

void test('an answer that the client has not got is nothing to go on from', async (t) => {
  const held = new HeldTurns()
  held.add(says('one'), 'uuid-0')
  held.addUnknown()
  held.add(says('two'), 'uuid-2')
  t.equal(held.keepFor(chainOf([says('one'), answers('')])), 0)
  t.equal(held.keepFor(chainOf([says('one'), answers('1'), says('two')])), 0)
})

void test('a conversation that begins with the model cannot be taken back to nothing', async (t) => {
  const held = holding([answers('hello'), says('one'), answers('1')])
  t.equal(held.keepFor(chainOf([says('other')])), null)
  t.equal(held.keepFor(chainOf([answers('hello'), says('other')])), 1)
})

void test('images and calls are part of the hash', async (t) => {
  const image = (data: string): Turn => ({ role: 'user', content: [{ type: 'image', mediaType: 'image/png', data }] })
  t.not(chainOf([image('a')])[0], chainOf([image('b')])[0])
  t.not(chainOf([says('a'), says('b')])[1], chainOf([says('b')])[0])
})
