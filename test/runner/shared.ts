/**
 * Runs several test files in this process, one after the other; arguments are their paths. A comment with the path precedes what a file
 * prints, so that the reader of the output knows whose it is. A teardown of a file's own `t` runs when that file is done: a server that went on
 * would be taken for one left over by the next file.
 */
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { fileMark } from './tap-text.js'

const ends: (() => unknown)[] = []
t.teardown = (end) => void ends.push(end)

const failed = (what: string, error: unknown) =>
  t.fail(what, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })

for (const file of process.argv.slice(2)) {
  t.comment(fileMark + file)
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    failed(`${file} crashed`, error)
  }
  // the last one first, as tap does it
  for (const end of ends.splice(0).reverse()) {
    try {
      await end()
    } catch (error) {
      failed(`${file} could not be ended`, error)
    }
  }
}
