/**
 * Runs several test files in this process, one after the other; arguments are their paths. A comment with the path precedes what a file
 * prints, so that the reader of the output knows whose it is. A teardown of a file's own `t` runs when the last file is done.
 */
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { fileMark } from './tap-text.js'

for (const file of process.argv.slice(2)) {
  t.comment(fileMark + file)
  try {
    await import(pathToFileURL(file).href)
  } catch (error) {
    t.fail(`${file} crashed`, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
