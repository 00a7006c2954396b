/** `npm run golden`: records all exchanges anew and writes the table; what has changed is then for `git diff` to show. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { writeTable } from './table.js'

const here = import.meta.dirname
const tests = readdirSync(here).filter((file) => file.endsWith('.replay.test.js'))
const run = await execa(process.execPath, [path.join(here, '../run.js'), ...tests.map((file) => path.join(here, file))], {
  ...{ env: { GOLDEN: 'record' }, stdio: 'inherit', reject: false },
})
process.exitCode = run.exitCode ?? 1
console.log(writeTable())
