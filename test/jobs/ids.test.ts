import t from 'tap'
import { newJobId } from '../../src/jobs/ids.js'

const count = 20_000
const ids = Array.from({ length: count }, newJobId)
t.equal(ids.filter((id) => !/^task_[0-9A-Za-z]{24}$/.test(id)).length, 0, 'prefix, letters and digits')
t.equal(new Set(ids).size, count, 'no two alike')

const seen = new Map<string, number>()
for (const id of ids) for (const letter of id.slice(5)) seen.set(letter, (seen.get(letter) ?? 0) + 1)
t.equal(seen.size, 62)
// chi-square of 62 letters: 61 on average, 11 of deviation; bytes taken modulo 62 unfiltered would give thousands
const expected = (count * 24) / 62
const chiSquare = [...seen.values()].reduce((sum, times) => sum + (times - expected) ** 2 / expected, 0)
t.ok(chiSquare < 150, `letters are equally likely (${chiSquare.toFixed(0)})`)
