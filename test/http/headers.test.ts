/** The request headers that decide how a result is taken, and whose it is. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { readIdempotency } from '../../src/intake/idempotency.js'
import { parsePrefer, preferenceApplied } from '../../src/http/prefer.js'

void t.test('Prefer', async (t) => {
  const cases: [string | string[] | undefined, boolean, number | null, string | null][] = [
    [undefined, false, null, null],
    ['', false, null, null],
    ['respond-async', true, null, 'respond-async'],
    ['Respond-Async', true, null, 'respond-async'],
    ['respond-async, wait=10', true, 10, 'respond-async, wait=10'],
    ['wait=10,respond-async', true, 10, 'respond-async, wait=10'],
    ['respond-async; foo=bar, wait="5"; x', true, 5, 'respond-async, wait=5'],
    [['respond-async', 'wait=3'], true, 3, 'respond-async, wait=3'],
    ['respond-async, wait=0', true, 0, 'respond-async, wait=0'],
    ['respond-async, wait=9999', true, 300, 'respond-async, wait=300'],
    ['respond-async, wait=1, wait=2', true, 1, 'respond-async, wait=1'],
    ['respond-async, wait=soon', true, null, 'respond-async'],
    ['respond-async, wait=-1', true, null, 'respond-async'],
    ['respond-async, wait=1.5', true, null, 'respond-async'],
    ['wait=10', false, null, null],
    ['return=minimal, handling=strict', false, null, null],
    [',,;=,', false, null, null],
  ]
  for (const [header, respondAsync, waitS, applied] of cases) {
    const prefer = parsePrefer(header)
    t.strictSame(prefer, { respondAsync, waitS }, String(header))
    t.equal(preferenceApplied(prefer), applied, String(header))
  }
})

void t.test('Idempotency-Key', async (t) => {
  t.equal(await readIdempotency(undefined, {}), undefined)
  t.equal((await readIdempotency('a', {}))!.key, 'a')
  t.equal((await readIdempotency('"a b"', {}))!.key, 'a b')
  for (const bad of ['', '""', 'x'.repeat(256)]) await t.rejects(readIdempotency(bad, {}), { name: 'BridgeError' })

  const hash = async (body: unknown) => (await readIdempotency('k', body))!.hash
  t.equal(await hash({ a: 1, b: { c: [1, { d: 2, e: 3 }] } }), await hash({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }))
  t.not(await hash({ a: [1, 2] }), await hash({ a: [2, 1] }), 'order counts in a list')
  t.not(await hash({ a: 1 }), await hash({ a: '1' }))
  t.not(await hash({ a: null }), await hash({}))
  t.not(await hash([]), await hash({}))
  const kept = '{"a":[],"b":[[1,{"2":0,"10":{"a":{"c":[{"d":[{"e":1,"f":[null]}]}]}},"z":{}}]],"c":"é\\n"}'
  const mixed = { c: 'é\n', b: [[1, { z: {}, 10: { a: { c: [{ d: [{ f: [null], e: 1 }] }] } }, 2: 0 }]], a: [] }
  t.equal(await hash(mixed), createHash('sha256').update(kept).digest('hex'), 'stored hashes stay what they are')
})
