/**
 * Run by a test on an installation: `node load-parsers.js <its folder>` uses every dialect, every language and every package of it,
 * and prints what came of it as JSON.
 */
import fs from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Languages from '../../src/validation/code/languages.js'
import type * as Sql from '../../src/validation/code/sql.js'

export interface Loaded {
  /** what failed, in words */
  faults: string[]
  dialects: string[]
  languages: string[]
  /** files of each package that were read, with slashes, as far as it is told */
  read: Record<'node-sql-parser' | '@vscode/tree-sitter-wasm', string[]>
}

const folder = path.resolve(process.argv[2]!)
const modules = path.join(folder, 'node_modules')
const load = (file: string): Promise<unknown> => import(pathToFileURL(path.join(folder, file)).href)
const inside = (name: string, files: Iterable<string>) => {
  const root = path.join(modules, name) + path.sep
  return [...new Set(files)].filter((file) => file.startsWith(root)).map((file) => file.slice(root.length).replaceAll(path.sep, '/'))
}

const opened: string[] = []
/** A function that reads a file, and notes which. */
function noting<Read>(read: Read): Read {
  return ((file: unknown, ...rest: unknown[]) => {
    opened.push(String(file).startsWith('file:') ? fileURLToPath(String(file)) : String(file))
    return (read as (...given: unknown[]) => unknown)(file, ...rest)
  }) as Read
}
fs.readFileSync = noting(fs.readFileSync)
fs.readFile = noting(fs.readFile)
fs.promises.readFile = noting(fs.promises.readFile)
syncBuiltinESMExports()

const { dialects, parseSql } = (await load('dist/src/validation/code/sql.js')) as typeof Sql
const { languageNames, languageOf } = (await load('dist/src/validation/code/languages.js')) as typeof Languages
const faults: string[] = []

/** Both have to be told apart: a parser that fails on everything is none. */
async function tell(name: string, right: () => Promise<boolean>, wrong: () => Promise<boolean>): Promise<void> {
  try {
    if (!(await right())) faults.push(`${name} refuses what is right`)
    if (await wrong()) faults.push(`${name} takes what is wrong`)
  } catch (error) {
    faults.push(`${name}: ${(error as Error).message}`)
  }
}

for (const dialect of dialects) {
  const parses = async (sql: string) => (await parseSql(sql, dialect)).ok
  await tell(
    dialect,
    () => parses('SELECT a FROM b WHERE c = 1'),
    () => parses('SELEC a FROM'),
  )
}
for (const name of languageNames) {
  const passes = async (source: string) => (await languageOf(name)!.errors(source)).length === 0
  await tell(
    name,
    () => passes(name === 'json' ? '{}' : ''),
    () => passes(name === 'php' ? '<?php f((' : '{"a": ((['),
  )
}

const { dependencies } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
// programs, and not modules to import; node-sql-parser is loaded by dialect
const programs = ['@anthropic-ai/claude-code', '@modelcontextprotocol/server-filesystem', '@modelcontextprotocol/sdk', 'node-sql-parser']
const required = createRequire(path.join(folder, 'package.json'))
for (const name of Object.keys(dependencies).filter((name) => !programs.includes(name))) {
  try {
    await import(pathToFileURL(required.resolve(name)).href)
  } catch (error) {
    faults.push(`${name}: ${(error as Error).message}`)
  }
}

const read: Loaded['read'] = {
  'node-sql-parser': inside('node-sql-parser', Object.keys(required.cache)),
  '@vscode/tree-sitter-wasm': inside('@vscode/tree-sitter-wasm', [...opened, ...Object.keys(required.cache)]),
}
console.log(JSON.stringify({ faults, dialects, languages: [...languageNames], read } satisfies Loaded))
