/**
 * Removes from a `node_modules` what the server never reads: `node deploy/prune-modules.js [node_modules]`.
 * The Dockerfile does this. A test compares the lists below with what the sources load, and runs the server on what is left.
 */
import { readdirSync, rmSync, rmdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** For compilers and debuggers. Node runs no TypeScript below `node_modules`. */
const neverRead = /\.(map|[cm]?tsx?)$/

/** Packages of which only these files are read, besides their `package.json`. */
export const kept = {
  // one build for each dialect; PostgreSQL has a parser of its own
  'node-sql-parser': ['mysql', 'mariadb', 'sqlite', 'transactsql', 'bigquery', 'snowflake', 'redshift', 'trino', 'hive', 'db2'].map(
    (dialect) => `build/${dialect}.js`,
  ),
  '@vscode/tree-sitter-wasm': [
    'wasm/tree-sitter.js',
    'wasm/tree-sitter.wasm',
    ...['python', 'javascript', 'typescript', 'tsx', 'go', 'rust', 'java', 'cpp', 'c-sharp', 'php', 'ruby', 'bash', 'css'].map(
      (grammar) => `wasm/tree-sitter-${grammar}.wasm`,
    ),
  ],
}

/** Whether a file, named by its path in `node_modules` with slashes, may be read or is a licence. */
export function isNeeded(file) {
  const name = path.posix.basename(file)
  if (/^licen[cs]e/i.test(name)) return true
  const only = Object.entries(kept).find(([folder]) => file.startsWith(`${folder}/`))
  if (only === undefined) return !neverRead.test(name)
  const [folder, files] = only
  const inside = file.slice(folder.length + 1)
  return inside === 'package.json' || files.includes(inside)
}

/** Removes them, and folders that nothing is left in. @returns how many files and bytes */
export function prune(root, folder = '') {
  const removed = { files: 0, bytes: 0 }
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const inside = path.posix.join(folder, entry.name)
    const file = path.join(root, inside)
    if (entry.isDirectory()) {
      const below = prune(root, inside)
      removed.files += below.files
      removed.bytes += below.bytes
    } else if (entry.isFile() && !isNeeded(inside)) {
      removed.bytes += statSync(file).size
      removed.files++
      rmSync(file)
    }
  }
  if (folder !== '' && readdirSync(path.join(root, folder)).length === 0) rmdirSync(path.join(root, folder))
  return removed
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { files, bytes } = prune(process.argv[2] ?? 'node_modules')
  console.log(`${files} files of ${Math.round(bytes / 1e6)} MB that are never read are removed`)
}
