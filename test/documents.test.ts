/** What the documents name exists: files of the project, and tests by their names. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

const root = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
/** In the documents that say so, a path may begin below one of these. */
const roots = [
  '',
  'src/claude',
  'src/claude/check',
  'test',
  'docs',
  'src/upstreams',
  'test/upstreams',
  'src/validation/validators',
  'test/validation',
  'test/standin',
]

await t.test('files', async (t) => {
  for (const document of [
    'CONTRIBUTING.md',
    'SECURITY.md',
    'README.md',
    'docs/ARCHITECTURE.md',
    'docs/cli-protocol.md',
    'docs/hard-cases.md',
  ]) {
    const named = [...read(document).matchAll(/`((?:[\w-]+\/)*[\w.-]+\.(?:ts|py|md))`/g)].map(([, file]) => file!)
    const missing = named.filter((file) => !file.includes('NAME') && !roots.some((folder) => existsSync(path.join(root, folder, file))))
    t.strictSame(missing, [], document)
  }
})

await t.test('the tests of hard cases', async (t) => {
  const cells = [...read('docs/hard-cases.md').matchAll(/`(test\/[\w/.-]+\.ts)`((?:,? "[^"]+")*)/g)]
  t.ok(cells.length > 150, `${cells.length} places`)
  for (const [, file, names] of cells) {
    const source = read(file!)
    for (const [, name] of names!.matchAll(/"([^"]+)"/g)) t.ok(source.includes(name!), `${file}: ${name}`)
  }
})

await t.test('the probes of the check of the CLI', async (t) => {
  const ids = read('src/claude/check/verdict.ts')
  const probes = [...read('docs/cli-protocol.md').matchAll(/check: ((?:`\w+`,? ?)+)/gi)].flatMap(([, list]) => [
    ...list!.matchAll(/`(\w+)`/g),
  ])
  t.ok(probes.length > 20)
  for (const [, id] of probes) t.ok(id === 'x' || ids.includes(`'${id}'`), id!)
})
