/**
 * The table of fields in `docs/fields.md`, made of the table that decides. `node dist/test/openai/fields-table.js` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fields } from '../../src/openai/in/honoured-fields.js'

export const document = path.join(import.meta.dirname, '../../../docs/fields.md')
const begin = '<!-- fields: made by test/openai/fields-table.ts -->\n'
const end = '<!-- end of fields -->\n'

export function table(): string {
  const rows = Object.entries(fields).map(([name, { does, note }]) => `| \`${name}\` | ${does} | ${note.replaceAll('|', '\\|')} |\n`)
  return `${begin}| field | | what it does, or why not |\n|---|---|---|\n| \`model\` | honoured | what \`GET /v1/models\` lists, or a full name of a Claude model |\n${rows.join('')}${end}`
}

/** The document with the table in it as it should be. */
export function renewed(text: string): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from === -1 || to === -1) throw new Error('the marks of the table are missing')
  return text.slice(0, from) + table() + text.slice(to + end.length)
}

if (process.argv[1] === import.meta.filename) writeFileSync(document, renewed(readFileSync(document, 'utf8')))
