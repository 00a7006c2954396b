/** The package's name stands in package.json; what needs it reads it there. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

const root = path.join(import.meta.dirname, '../..')
/** The prefix of what is stored in Redis is data. */
const data = 'src/jobs/redis/connection.ts'

const found = ['src', 'routes', 'mcp', 'workspace']
  .flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)))
  .filter((file) => /\.(ts|html)$/.test(file) && file !== data)
  .filter((file) => {
    const code = readFileSync(path.join(root, file), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
    return code.includes('claude-bridge')
  })
t.strictSame(found, [])
