/** The document says what the tests play. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { document, renewed } from './document.js'

const text = readFileSync(document, 'utf8')
t.equal(text, renewed(text), 'mend it with `node dist/test/seed/document.js`')
