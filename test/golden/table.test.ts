/** The table is the one that the recorded exchanges give. */
import t from 'tap'
import { readAll } from './files.js'
import { catalogue } from '../../src/errors/catalogue.js'
import { codesIn, contradiction } from './honest.js'
import { notProvoked } from './reasons.js'
import { readTable, tableOf } from './table.js'

const all = readAll()
t.ok(all.length >= 150, 'at least 150 exchanges')
t.equal(tableOf(all), readTable(), 'test/golden/TABLE.md is up to date; `npm run golden` writes it')
t.strictSame(
  all.map(contradiction).filter((wrong) => wrong !== null),
  [],
  'each exchange is in the cell of its ending',
)
const provoked = new Set(all.flatMap(({ body, frames }) => codesIn(JSON.stringify([body, frames]))))
t.strictSame(
  Object.keys(catalogue).filter((code) => !provoked.has(code)),
  Object.keys(catalogue).filter((code) => Object.hasOwn(notProvoked, code)),
  'each code is provoked, or it is said why not',
)
