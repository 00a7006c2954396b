/** A server whose folders were taken away says so, and is sent no more work. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { openWorkspaceRoot } from '../../workspace/workspace.js'
import { environment, until } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'

interface Ready {
  ready: boolean
  checks: Record<string, { ok: boolean; code: string | null; detail: string | null }>
}

await t.test('the data directory, the folder of the workspaces', { skip: process.platform !== 'linux' }, async (t) => {
  const env = environment(temporary(t), 'http://127.0.0.1:1')
  const server = await startServer(t, env)
  const ready = async () => (await (await fetch(`${server.url}/health/ready`)).json()) as Ready
  const status = async () => (await fetch(`${server.url}/health/ready`)).status
  // answers of a probe count for some seconds
  const becomes = async (wanted: number, what: string) => {
    let found = 0
    for (let tries = 0; tries < 100 && found !== wanted; tries++) {
      found = await status()
      if (found !== wanted) await until(() => false, 100)
    }
    t.equal(found, wanted, what)
  }
  await becomes(200, 'well')

  const dataDir = env['DATA_DIR']!
  renameSync(dataDir, `${dataDir}.away`)
  await becomes(503, 'without its data')
  t.match((await ready()).checks['store'], { ok: false, code: 'store_failed', detail: /has been removed or replaced/ })
  renameSync(`${dataDir}.away`, dataDir)
  await becomes(200, 'it is there again')

  const root = openWorkspaceRoot(dataDir)
  rmSync(root, { recursive: true })
  writeFileSync(root, '')
  await becomes(503, 'where no workspace can be made')
  t.match((await ready()).checks['workspace'], { ok: false, code: 'workspace_failed', detail: /cannot be made \(ENOTDIR\)/ })
  t.match(await (await fetch(`${server.url}/health`)).json(), { status: 'degraded' })
  rmSync(root)
  t.notOk(existsSync(root))
})
