/** The table is the one that the recorded exchanges give. */
import t from 'tap'
import { readAll } from './files.js'
import { readTable, tableOf } from './table.js'

const all = readAll()
t.ok(all.length >= 150, 'at least 150 exchanges')
t.equal(tableOf(all), readTable(), 'test/golden/TABLE.md is up to date; `npm run golden` writes it')
