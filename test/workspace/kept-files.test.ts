import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import t from 'tap'
import { KeptFiles, isPlain } from '../../workspace/kept-files.js'
import { exceeds, measure } from '../../workspace/measure.js'

const folder = mkdtempSync(path.join(os.tmpdir(), 'kept-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const make = (name: string) => {
  const made = path.join(folder, name)
  mkdirSync(made, { recursive: true })
  return made
}

await t.test("regular files are kept; links and what could be somebody else's are not", async (t) => {
  const work = make('work')
  mkdirSync(path.join(work, 'a/b'), { recursive: true })
  writeFileSync(path.join(work, 'a/b/c.txt'), 'c')
  writeFileSync(path.join(work, 'ü 🌧.txt'), 'u')
  writeFileSync(path.join(work, 'empty'), '')
  writeFileSync(path.join(work, 'line\nend'), 'x')
  writeFileSync(path.join(folder, 'outside'), 'secret')
  linkSync(path.join(folder, 'outside'), path.join(work, 'hard'))
  symlinkSync('/etc/passwd', path.join(work, 'passwd'))
  symlinkSync('/etc', path.join(work, 'etc'))
  const files = new KeptFiles(path.join(folder, 'files'))
  t.strictSame(await files.keep('task_1', work), [
    { path: 'a/b/c.txt', bytes: 1 },
    { path: 'empty', bytes: 0 },
    { path: 'ü 🌧.txt', bytes: 1 },
  ])
  const second = make('second')
  writeFileSync(path.join(second, 'c.txt'), 'cc')
  t.strictSame(await files.keep('task_1', second, 'choice-1/'), [{ path: 'choice-1/c.txt', bytes: 2 }])

  const text = async (file: string) => {
    const found = await files.open('task_1', file)
    if (found === null) return null
    return textOf(found.content)
  }
  t.equal(await text('a/b/c.txt'), 'c')
  t.equal(await text('choice-1/c.txt'), 'cc')
  t.equal(await text('empty'), '')
  for (const bad of [
    '',
    '/',
    'a',
    'a/b',
    '../outside',
    'a/../../../outside',
    '/etc/passwd',
    './empty',
    'a//b/c.txt',
    'none',
    'empty\0',
    'a\\b',
    'passwd',
  ]) {
    t.equal(await text(bad), null, JSON.stringify(bad))
  }
  symlinkSync('/etc/passwd', path.join(folder, 'files/task_1/late'))
  t.equal(await text('late'), null, 'a link is not followed')

  await files.sweep(async () => new Set(['task_1']))
  t.equal(await text('empty'), '')
  await files.forget('../work')
  t.ok(existsSync(work), 'an id is no path')
  await files.sweep(async () => new Set())
  t.notOk(existsSync(path.join(folder, 'files/task_1')))
})

await t.test('plain paths', async (t) => {
  for (const good of ['a', 'a/b.c', '.hidden', 'a b/ü', '...', 'a..b']) t.ok(isPlain(good), good)
  for (const bad of ['..', '.', 'a/..', '/a', 'a/', 'a\0', 'a\nb', '\ufffd', 'a'.repeat(1025)]) t.notOk(isPlain(bad), JSON.stringify(bad))
})

await t.test('how much there is, counted no further than beyond the limit', async (t) => {
  const work = make('measured')
  mkdirSync(path.join(work, 'sub'))
  for (let i = 0; i < 20; i++) writeFileSync(path.join(work, 'sub', String(i)), Buffer.alloc(10_000, 1))
  symlinkSync(work, path.join(work, 'sub/loop'))
  const wide = { bytes: 1e9, files: 1e9 }
  const all = await measure([work, path.join(folder, 'not-there')], wide)
  t.equal(all.files, 22)
  t.ok(all.bytes >= 200_000 && all.bytes < 210_000, String(all.bytes))
  t.notOk(exceeds(all, wide))
  t.ok(exceeds(await measure([work], { bytes: 1e9, files: 5 }), { bytes: 1e9, files: 5 }))
  t.ok((await measure([work], { bytes: 1e9, files: 5 })).files <= 6)
  t.ok(exceeds(await measure([work], { bytes: 50_000, files: 1e9 }), { bytes: 50_000, files: 1e9 }))
  chmodSync(path.join(work, 'sub'), 0o755)
})
