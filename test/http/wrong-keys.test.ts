import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { networkOf } from '../../src/http/network-of.js'
import { WrongKeys } from '../../src/http/wrong-keys.js'
import { setClockBack } from '../helper-clock.js'

const limits = { wrongKeyFirstMs: 100, wrongKeyLongestMs: 1000 }

await t.test('more and more, by network', async (t) => {
  const keys = new WrongKeys(limits)
  t.strictSame(
    Array.from({ length: 6 }, () => keys.count('a', 1000)),
    [100, 200, 400, 800, 1000, 1000],
  )
  t.equal(keys.count('b', 1000), 100, 'another network is at its first')
  t.equal(keys.count('a', 1000 + 10 * 60_000), 1000, 'ten minutes later it is known still')
  t.equal(keys.count('a', 1000 + 26 * 60_000), 100, 'a quarter of an hour later it is not')
  for (let at = 0; at < 2000; at++) keys.count('a', 1)
  t.equal(keys.count('a', 1), 1000)
})

await t.test('a clock that is set back changes nothing', async (t) => {
  const keys = new WrongKeys(limits)
  const network = (at: number) => {
    t.intercept(performance, 'now', { value: () => at })
    return keys.count('a')
  }
  setClockBack(t)
  t.equal(network(1000), 100)
  t.equal(network(2000), 200)
  t.equal(network(2000 + 16 * 60_000), 100)
})

await t.test('the table is bounded', async (t) => {
  const keys = new WrongKeys(limits)
  keys.count('first')
  for (let at = 0; at < 9998; at++) keys.count(`n${at}`)
  keys.count('first')
  for (let at = 0; at < 5000; at++) keys.count(`m${at}`)
  t.equal(keys.networkCount, 10_000)
  t.ok(keys.count('first') > 100, 'one that goes on guessing is not forgotten for others')
})

await t.test('what waits is bounded, and ends with the server', async (t) => {
  const keys = new WrongKeys(limits)
  let answered = 0
  for (let at = 0; at < 300; at++) keys.wait(60_000, () => answered++)
  t.equal(keys.waitingCount, 256)
  t.equal(answered, 44, 'the others are not kept waiting')
  keys.close()
  t.equal(answered, 300)
  keys.wait(60_000, () => answered++)
  t.equal(answered, 301)
})

await t.test('a wait takes its time, and can be ended once', async (t) => {
  const keys = new WrongKeys(limits)
  let answered = 0
  const finish = keys.wait(30, () => answered++)
  t.equal(answered, 0)
  await sleep(80)
  t.equal(answered, 1)
  finish()
  t.equal(answered, 1)
  t.equal(keys.waitingCount, 0)
})

await t.test('networks', async (t) => {
  for (const [address, network] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    [undefined, ''],
  ] as const) {
    t.equal(networkOf(address), network, String(address))
  }
})
