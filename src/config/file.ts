/** `CONFIG`: a file of YAML, or of JSON, which YAML has in it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Document, parseAllDocuments } from 'yaml'
import { ConfigError } from '../errors/config-error.js'

/** Members that name a file or a folder; relative ones start at the folder of the configuration file. */
const paths: readonly (readonly [section: string, member: string])[] = [
  ['server', 'data_dir'],
  ['server', 'files_dir'],
  ['server', 'admin_key_file'],
  ['server', 'store_url_file'],
  ['server', 'webhook_secret_file'],
  ['mcp', 'config'],
]

type Members = Record<string, unknown>

/**
 * What stands in the file, not yet checked. The file that is empty has no members.
 *
 * @throws ConfigError with one line that quotes nothing of the file
 */
export function readConfigFile(file: string): Members {
  const found = toMembers(readText(file))
  const folder = path.dirname(path.resolve(file))
  const resolve = (members: unknown, name: string) => {
    if (isMembers(members) && typeof members[name] === 'string') members[name] = path.resolve(folder, members[name])
  }
  for (const [section, member] of paths) resolve(found[section], member)
  for (const key of Array.isArray(found['keys']) ? found['keys'] : []) resolve(key, 'key_file')
  return found
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`CONFIG: the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`)
  }
}

function toMembers(text: string): Members {
  const documents = parseAllDocuments(text, { prettyErrors: true, logLevel: 'silent' })
  if ('empty' in documents) return {}
  const [document] = documents as [Document.Parsed, ...Document.Parsed[]]
  if (documents.length > 1) throw new ConfigError('CONFIG: the file holds more than one document')
  // a warning is about something that would have no effect, such as a tag
  const [wrong] = [...document.errors, ...document.warnings]
  if (wrong !== undefined) {
    const { line, col } = wrong.linePos?.[0] ?? { line: 1, col: 1 }
    // the parser's own words may quote a secret; its codes do not
    throw new ConfigError(`CONFIG: line ${line}, column ${col} is neither YAML nor JSON (${wrong.code.toLowerCase().replaceAll('_', ' ')})`)
  }
  let found: unknown
  try {
    found = document.toJS()
  } catch {
    throw new ConfigError('CONFIG: the aliases of the file cannot be followed')
  }
  if (found === null) return {}
  if (!isMembers(found)) throw new ConfigError('CONFIG: the file must be an object, with members such as server and models')
  refuseOdd(found)
  return found
}

/** zod leaves a member of this name out, and what has no effect is never silent. An alias may name what it stands in, and that has no end. */
function refuseOdd(value: unknown, above: readonly unknown[] = []): void {
  if (typeof value !== 'object' || value === null) return
  if (above.includes(value)) throw new ConfigError('CONFIG: an alias of the file names what it stands in')
  if (Object.hasOwn(value, '__proto__')) throw new ConfigError('CONFIG: __proto__ is no name of a member')
  for (const member of Object.values(value)) refuseOdd(member, [...above, value])
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
