/** `docs/seed-cases.md`, made of the stories that the tests play. `node dist/test/seed/document.js` writes it anew. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type SeedCase, cases } from './cases.js'
import { essentialStories } from './essential-stories.js'
import { fixtureStories } from './fixture-stories.js'
import { type Stories, type Story, isRun } from './story.js'
import { widerStories } from './wider-stories.js'

export const document = path.join(import.meta.dirname, '../../../docs/seed-cases.md')
const begin = '<!-- cases: made by test/seed/document.ts -->\n'
const end = '<!-- end of cases -->\n'

const suites: [title: string, suite: SeedCase['suite'], stories: Stories][] = [
  ['Essential', 'essential', essentialStories],
  ['Wider suite', 'wider', widerStories],
  ['Fixtures', 'fixture', fixtureStories],
]

export function tables(): string {
  return `${begin}${suites.map(([title, suite, stories]) => table(title, suite, stories)).join('\n')}${end}`
}

function table(title: string, suite: SeedCase['suite'], stories: Stories): string {
  const own = cases.filter((one) => one.suite === suite)
  const run = own.filter(({ id }) => isRun(stories[id])).length
  const rows = own.map(({ id, llm_config }) => `| \`${id}\` | ${modelOf(llm_config)} | ${result(stories[id]!)} |\n`)
  return `## ${title}: ${run} of ${own.length} run\n\n| case | model | result |\n|---|---|---|\n${rows.join('')}`
}

function modelOf({ model }: Record<string, unknown>): string {
  return typeof model === 'string' ? `\`${model}\`` : 'none'
}

function result(story: Stories[string]): string {
  if (!isRun(story)) return `not run: ${story.notRun}`
  return [ending(story), story.prompt === undefined ? undefined : 'prompt made up', story.note]
    .filter((part) => part !== undefined)
    .join('; ')
    .replaceAll('|', '\\|')
}

function ending({ error, attempts = 1 }: Story): string {
  if (error === undefined) return attempts === 1 ? 'answered' : `answered at attempt ${attempts}`
  const { status, code, param } = error
  const after = attempts > 1 ? ` after ${attempts} attempts` : ''
  return `${status} \`${code}\`${param === undefined ? '' : ` (\`${param}\`)`}${after}`
}

/** The document with the tables in it as they should be. */
export function renewed(text: string): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from === -1 || to === -1) throw new Error('the marks of the tables are missing')
  return text.slice(0, from) + tables() + text.slice(to + end.length)
}

if (process.argv[1] === import.meta.filename) writeFileSync(document, renewed(readFileSync(document, 'utf8')))
