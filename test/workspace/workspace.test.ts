import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { makeWorkspace, openWorkspaceRoot } from '../../workspace/workspace.js'
import { temporary } from '../claude/harness.js'

const posix = process.platform === 'win32' ? { skip: 'needs POSIX' } : {}
const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)

/** The system's temporary folder is this one for the time of the test. */
function inTemporary(t: Test): string {
  const folder = temporary(t)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  return folder
}

await t.test('a workspace is private, and removed with all in it', posix, async (t) => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const parent = temporary(t)
  const [one, two] = await Promise.all([makeWorkspace(parent), makeWorkspace(parent)])
  t.not(one.root, two.root)
  for (const folder of [one.root, one.work, one.config, one.tmp]) t.equal(mode(folder), '700', path.basename(folder))
  t.ok([one.work, one.config, one.tmp].every((folder) => path.dirname(folder) === one.root))
  const outside = temporary(t)
  writeFileSync(path.join(outside, 'stays'), '')
  mkdirSync(path.join(one.work, 'a/b/c'), { recursive: true })
  writeFileSync(path.join(one.work, 'a/b/c/read-only'), '', { mode: 0o400 })
  symlinkSync(outside, path.join(one.work, 'link'))
  chmodSync(path.join(one.work, 'a/b/c'), 0o700)
  await one.remove()
  t.notOk(existsSync(one.root))
  t.ok(existsSync(path.join(outside, 'stays')), 'links are not followed')
  t.ok(existsSync(two.root), 'others stay')
  await t.resolves(one.remove(), 'twice is no harm')
  await t.rejects(makeWorkspace(path.join(parent, 'nowhere')), { code: 'ENOENT' })
})

await t.test('the root', posix, async (t) => {
  const tmp = inTemporary(t)
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const root = openWorkspaceRoot('/some/data')
  t.equal(path.dirname(root), tmp)
  t.equal(mode(root), '700')
  t.equal(openWorkspaceRoot('/some/data'), root, 'the same after a restart')
  t.equal(openWorkspaceRoot('/some/../some/data/'), root)
  t.not(openWorkspaceRoot('/other/data'), root)

  const refused = /is not a private folder of this user/
  for (const bits of [0o750, 0o701, 0o777, 0o770]) {
    chmodSync(root, bits)
    t.throws(() => openWorkspaceRoot('/some/data'), refused, bits.toString(8))
  }
  rmSync(root, { recursive: true })
  const elsewhere = path.join(tmp, 'elsewhere')
  mkdirSync(elsewhere, { mode: 0o700 })
  symlinkSync(elsewhere, root)
  t.throws(() => openWorkspaceRoot('/some/data'), refused, 'a link to a private folder')
  rmSync(root)
  symlinkSync(path.join(tmp, 'nowhere'), root)
  t.throws(() => openWorkspaceRoot('/some/data'), 'a link to nowhere')
  t.notOk(existsSync(path.join(tmp, 'nowhere')), 'and nothing is made there')
  rmSync(root)
  writeFileSync(root, '')
  t.throws(() => openWorkspaceRoot('/some/data'), 'a file')
})
