/** Opens the store in a directory, moves the owners, and is killed by SIGKILL just before that transaction's commit. */
import { openConnection } from '../../../src/jobs/sqlite/connection.js'
import { loadDriver } from '../../../src/jobs/sqlite/driver.js'
import { moveOwners } from '../../../src/jobs/sqlite/move-owners.js'

const [path, from, to] = process.argv.slice(2) as [string, string, string]
const connection = openConnection(await loadDriver(), path)
const sql = connection.sql.bind(connection)
connection.sql = (text) => {
  if (text === 'COMMIT') process.kill(process.pid, 'SIGKILL')
  return sql(text)
}
moveOwners(connection, { moves: [{ from, to }], onMoved: () => console.log('moved') })
