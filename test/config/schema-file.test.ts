/** The JSON Schema of the configuration file: as the code has it, and it takes what the code takes. */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { configSchema } from '../../src/config/schema.js'
import { document, schemaText } from './schema-file.js'

t.equal(readFileSync(document, 'utf8'), schemaText(), 'mend it with `node dist/test/config/schema-file.js`')

const takes = new Ajv({ strict: false }).compile(JSON.parse(schemaText()) as object)

const configs: [text: string, taken: boolean][] = [
  ['{}', true],
  ['server: {port: 1}', true],
  ['server: {port: 70000}', false],
  ['server: {prot: 1}', false],
  ['models: {default: opus, opus: {way: poll, price: {input: 1, output: 2}}}', true],
  ['models: {opus: {wy: poll}}', false],
  ['models: {opus: {price: {input: 1}}}', false],
  ['aliases: {x: opus}', true],
  ['aliases: {x: 1}', false],
  ['keys: [{name: a, key: b}]', true],
  ['limits: {default: {running: 1}, keys: {ann: {usd_per_day: 0.5}}}', true],
  ['limits: {keys: {ann: {usd: 1}}}', false],
  ['providers: {a: {base_url: "https://x", models: [m, {id: n}]}}', true],
  ['providers: {a: {models: [m]}}', false],
  ['mcp: {allow: all}', false],
  ['origins: [a]\nhosts: [b]', true],
]
for (const [text, taken] of configs) {
  t.equal(takes(parse(text)), taken, text)
  t.equal(configSchema.safeParse(parse(text)).success, taken, text)
}
const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(document.replace('config.schema.json', 'configuration.md'), 'utf8'))?.[1]
t.ok(takes(parse(example!)), 'the example of docs/configuration.md')
