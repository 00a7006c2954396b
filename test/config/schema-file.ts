/**
 * The JSON Schema of the configuration file, for editors, made of the schema that checks it. `node dist/test/config/schema-file.js` writes
 * it anew.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { configSchema } from '../../src/config/schema.js'

export const document = path.join(import.meta.dirname, '../../../docs/config.schema.json')

export function schemaText(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' })
  return `${JSON.stringify({ title: 'Configuration of claude-bridge', ...schema }, null, 2)}\n`
}

if (process.argv[1] === import.meta.filename) writeFileSync(document, schemaText())
