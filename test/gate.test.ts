import { test } from 'tap'
import { Gate } from '../src/gate.js'

const never = new AbortController().signal

void test('a turn that is given up while it waits is nobody’s', async (t) => {
  const gate = new Gate(1)
  const first = await gate.enter(never)
  const impatient = new AbortController()
  const second = gate.enter(impatient.signal)
  const third = gate.enter(never)
  t.equal(gate.waiting, 2)
  impatient.abort()
  t.equal(await second, null)
  t.equal(gate.waiting, 1)
  first?.()
  const leave = await Promise.race([third, new Promise<null>((resolve) => setTimeout(resolve, 1000, null))])
  t.not(leave, null, 'the next one is let in')
  leave?.()
  t.ok(gate.idle)
})

void test('a turn that is given back twice counts once', async (t) => {
  const gate = new Gate(2)
  const leave = await gate.enter(never)
  await gate.enter(never)
  leave?.()
  leave?.()
  await gate.enter(never)
  const fourth = gate.enter(never)
  t.equal(gate.waiting, 1)
  t.notOk(gate.idle)
  void fourth
})
