/** Each fault of a start is one line that names its setting; `http/server-start.test.ts` starts servers. */
import path from 'node:path'
import t from 'tap'
import { startError } from '../src/start-error.js'
import { workspaceRootOf } from '../workspace/workspace.js'

const env = { DATA_DIR: '/tmp/data', PORT: '80', HOST: '203.0.113.7' }
const errno = (code: string, more: object = {}) => Object.assign(new Error(`${code}: words`), { code, ...more })

await t.test('the setting of a file', async (t) => {
  // also where the data directory is in the folder for temporary files itself
  t.equal(startError(errno('EACCES', { path: '/tmp/data' }), env), 'DATA_DIR: /tmp/data cannot be used by this user (EACCES)')
  t.equal(startError(errno('EIO', { path: '/tmp/data/files/x' }), env), 'DATA_DIR: /tmp/data/files/x cannot be read or written (EIO)')
  const job = path.join(workspaceRootOf('/tmp/data'), 'job-1')
  t.equal(startError(errno('EROFS', { path: job }), env), `TMPDIR: ${job} is on a file system that is read-only (EROFS)`)
  t.equal(startError(errno('ENOSPC'), env), 'DATA_DIR: /tmp/data has no room (ENOSPC)')
  const files = { ...env, FILES_DIR: '/tmp/data/kept' }
  t.equal(
    startError(errno('ENOTDIR', { path: '/tmp/data/kept/x' }), files),
    'FILES_DIR: /tmp/data/kept/x is below something that is no folder (ENOTDIR)',
  )
  const deep = { DATA_DIR: '/read-only/a/b' }
  t.equal(
    startError(errno('EROFS', { path: '/read-only/a' }), deep),
    'DATA_DIR: /read-only/a is on a file system that is read-only (EROFS)',
  )
})

await t.test('a file of the package is no data', async (t) => {
  const root = path.join(import.meta.dirname, '../..')
  const missing = path.join(root, 'dist/src/page.html')
  t.match(startError(errno('ENOENT', { path: missing }), env), /^INSTALLATION: .*page\.html is missing \(ENOENT\): install/)
  t.match(startError(errno('EACCES', { path: missing }), env), /^INSTALLATION: .*cannot be used by this user/)
  // the data may lie in the package
  const inside = { DATA_DIR: path.join(root, '.data') }
  t.match(startError(errno('EACCES', { path: path.join(root, '.data/jobs.db') }), inside), /^DATA_DIR: /)
  t.equal(startError(errno('ENOENT', { path: '/elsewhere/x' }), env), null, 'nor is one that no setting names')
})

await t.test('the setting of an address', async (t) => {
  t.equal(startError(errno('EACCES', { syscall: 'listen' }), env), 'PORT: 80 is not allowed for this user')
  t.match(startError(errno('EAFNOSUPPORT', { syscall: 'listen' }), env), /^HOST: .*203\.0\.113\.7/)
  t.match(startError(errno('EADDRNOTAVAIL', { syscall: 'listen' }), env), /^HOST: "203\.0\.113\.7" is no address/)
})

await t.test('a fault of the program has its stack', async (t) => {
  for (const fault of [new TypeError('x is undefined'), errno('ERR_INVALID_ARG_TYPE'), errno('EACCES'), 'words', null]) {
    t.equal(startError(fault, env), null)
  }
})
