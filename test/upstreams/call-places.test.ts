/** Pieces of calls find their call as if all calls were looked through. */
import t from 'tap'
import { CallPlaces } from '../../src/upstreams/call-places.js'

interface Call {
  given: number | null
  id: string | null
}

/** The last call that the piece fits. */
function slowly(calls: readonly Call[], given: number | null, id: string | null): number {
  return calls.findLastIndex((call) => (given === null || call.given === given) && (id === null || call.id === null || call.id === id))
}

await t.test('every order of indices and ids', async (t) => {
  let seed = 11
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 300; round++) {
    const places = new CallPlaces()
    const calls: Call[] = []
    for (let step = 0; step < 60; step++) {
      const given = [null, 0, 1, 2][random(4)]!
      const id = [null, 'a', 'b', 'c'][random(4)]!
      const found = places.find(given, id)
      if (found !== slowly(calls, given, id)) return t.fail(`round ${round}, step ${step}: ${found} of ${JSON.stringify(calls)}`)
      if (found === -1 || random(4) === 0) {
        places.add(calls.push({ given, id }) - 1, given, id)
      } else if (calls[found]!.id === null) {
        const name = id ?? `made-${step}`
        places.name(found, calls[found]!.given, name)
        calls[found]!.id = name
      }
    }
  }
  t.pass('as expected')
})
