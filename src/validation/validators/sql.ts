import { z } from 'zod'
import { dialects, parseSql, type Dialect, type Parsed } from '../code/sql.js'
import { sourcesOf } from '../code/pick.js'
import { passed, resultOf, wrong } from '../check-result.js'
import { validator } from '../validator.js'
import type { CheckError } from '../../schema/words.js'

const otherNames: Record<string, Dialect> = {
  postgres: 'postgresql',
  pg: 'postgresql',
  tsql: 'transactsql',
  mssql: 'transactsql',
  sqlserver: 'transactsql',
}

/** Dialects that are tried if none is named. */
const common: readonly Dialect[] = ['postgresql', 'mysql', 'sqlite']
const labels = ['sql', ...dialects, ...Object.keys(otherNames)]

/** The answer is SQL, or has it in fenced blocks, and its syntax is right. Nothing is run. */
export const sql = validator({
  type: 'sql',
  params: z.strictObject({
    dialect: z
      .preprocess((name) => (typeof name === 'string' ? (otherNames[name.toLowerCase()] ?? name.toLowerCase()) : name), z.enum(dialects))
      .optional()
      .describe(`absent: it is enough that one of ${common.join(', ')} takes it`),
  }),
  async check({ content }, { dialect }) {
    const sources = sourcesOf(content, labels, false).filter((source) => source.trim() !== '')
    if (sources.length === 0) return wrong('The answer has no SQL.', { mend: 'Put the SQL into a block fenced with ```sql.' })
    const found = await Promise.all(sources.map((source) => sqlErrors(source, dialect === undefined ? common : [dialect])))
    return found.flat().length === 0 ? passed : resultOf(found.flat())
  },
})

/** No errors if one of the dialects takes the text; else those of the first. */
async function sqlErrors(source: string, tried: readonly Dialect[]): Promise<CheckError[]> {
  let first: { parsed: Parsed; dialect: Dialect } | undefined
  for (const dialect of tried) {
    const parsed = await parseSql(source, dialect)
    if (parsed.ok && parsed.statements > 0) return []
    first ??= { parsed, dialect }
  }
  const { parsed, dialect } = first!
  if (parsed.ok) return [{ message: 'The SQL has no statement.', mend: 'Write the statement.' }]
  const where = parsed.at === undefined ? '' : ` at ${parsed.at}`
  const message = `Syntax error in the SQL${where} (${dialect}): ${parsed.why}.`
  return [{ message, mend: `Write ${dialect} SQL.`, ...(parsed.at !== undefined && { path: parsed.at }) }]
}
