/**
 * A property that holds for values made at random. `npm test` uses one seed, so that a failure is the same for all; `PROPERTY_SEED` and
 * `PROPERTY_RUNS` take others, as `npm run test:more -- properties` does. A failure prints its seed and the smallest value that was found.
 */
import fc from 'fast-check'
import type { Test } from 'tap'

const seed = Number(process.env['PROPERTY_SEED'] ?? 20_261_201)
const times = Number(process.env['PROPERTY_RUNS'] ?? 1)

/** `runs`: how many values are tried. `check` throws or returns false where the property does not hold. */
export function holds<Value>(
  t: Test,
  what: string,
  values: fc.Arbitrary<Value>,
  check: (value: Value) => boolean | void,
  runs = 300,
): void {
  try {
    fc.assert(fc.property(values, check), { seed, numRuns: Math.ceil(runs * times) })
    t.pass(what)
  } catch (error) {
    t.fail(what, { error: error instanceof Error ? error.message : String(error) })
  }
}

/** Text of all kinds: halves of surrogate pairs, control characters, spaces of all sorts. */
export const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 0, max: 0xffff })).map(fromUnits))

function fromUnits(units: number[]): string {
  return String.fromCharCode(...units)
}

/** Cuts something into pieces at some of its places; also at none, and at the same one twice. */
export function piecesOf<Whole extends { length: number; slice(from: number, to: number): Whole }>(
  whole: Whole,
  places: readonly number[],
): Whole[] {
  const cuts = [0, ...places.map((place) => place % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return cuts.slice(1).map((end, index) => whole.slice(cuts[index]!, end))
}

export const anyPlaces = fc.array(fc.nat(), { maxLength: 8 })

/** The text as it is after a way as UTF-8: halves of surrogate pairs are replaced. */
export function asUtf8(text: string): string {
  return Buffer.from(text).toString()
}
