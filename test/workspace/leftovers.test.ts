import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { workspaceMarker } from '../../src/claude/process/environment.js'
import { endProcessesOf, removeLeftovers } from '../../workspace/leftovers.js'
import { temporary } from '../claude/harness.js'
import { until } from '../helper.js'

const posix = process.platform === 'win32' ? { skip: 'needs POSIX' } : {}

/** A process with a mark that nothing but SIGKILL ends; it has its own child, in its own session if asked for. */
async function stray(t: Test, mark: string | undefined, detached: boolean): Promise<{ child: ChildProcess; below: number }> {
  const deaf = "process.on('SIGTERM',()=>{}).on('SIGHUP',()=>{});setInterval(()=>{},1000);"
  const options = `{stdio:'ignore',detached:${detached}}`
  const inner = `require('node:child_process').spawn(process.execPath,['-e',${JSON.stringify(deaf)}],${options})`
  const env = { PATH: process.env['PATH'], ...(mark === undefined ? {} : { [workspaceMarker]: mark }) }
  const child = spawn(process.execPath, ['-e', `${deaf}console.log(${inner}.pid)`], {
    env,
    detached,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const below = Number(said.toString())
  t.teardown(() => {
    for (const pid of [child.pid!, below]) if (alive(pid)) process.kill(pid, 'SIGKILL')
  })
  return { child, below }
}

/** False for a zombie too: nobody in a test's container may have collected it. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

async function gone(pid: number): Promise<boolean> {
  return until(() => !alive(pid))
}

for (const name of ['plain', 'with spaces', 'straße 漢']) {
  await t.test(`strays of a killed server, in a folder ${name}`, posix, async (t) => {
    const root = path.join(temporary(t), name)
    mkdirSync(path.join(root, 'job-a/work/deep'), { recursive: true })
    mkdirSync(path.join(root, 'job-b'))
    writeFileSync(path.join(root, 'job-a/work/deep/file'), '')
    writeFileSync(path.join(root, 'a-file'), '')
    const ours = [await stray(t, path.join(root, 'job-a'), false), await stray(t, path.join(root, 'job-b'), true)]
    const others = [await stray(t, undefined, false), await stray(t, `${root}-of-another/job-a`, false), await stray(t, root, false)]
    t.match(await removeLeftovers(root, workspaceMarker), { processes: 4, folders: 3 })
    for (const { child, below } of ours) {
      t.ok(await gone(child.pid!), 'a stray is gone')
      t.ok(await gone(below), 'and what it started, in whatever session')
    }
    t.ok(
      others.every(({ child, below }) => alive(child.pid!) && alive(below)),
      'nobody else is touched',
    )
    t.strictSame(readdirSync(root), [])
    t.strictSame(await removeLeftovers(root, workspaceMarker), { processes: 0, folders: 0 }, 'nothing is left to do')
  })
}

await t.test('a server does not end itself', posix, async (t) => {
  const root = temporary(t)
  const before = process.env[workspaceMarker]
  process.env[workspaceMarker] = `${root}/job-x`
  t.teardown(() => {
    if (before === undefined) delete process.env[workspaceMarker]
    else process.env[workspaceMarker] = before
  })
  const program = `
    import { removeLeftovers } from ${JSON.stringify(path.join(import.meta.dirname, '../../workspace/leftovers.js'))}
    console.log(JSON.stringify(await removeLeftovers(${JSON.stringify(root)}, ${JSON.stringify(workspaceMarker)})))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], [workspaceMarker]: `${root}/job-x` },
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  t.strictSame(JSON.parse(said.toString()), { processes: 0, folders: 0 })
})

const linux = process.platform === 'linux' ? {} : { skip: 'needs /proc' }

await t.test('others get their turn while many processes are looked at', linux, async (t) => {
  const proc = temporary(t)
  const workspace = path.join(temporary(t), 'job-a')
  const marked = await stray(t, workspace, false)
  const working = await stray(t, undefined, false)
  const entry = (name: string, environ: string, cwd: string) => {
    mkdirSync(path.join(proc, name))
    writeFileSync(path.join(proc, name, 'environ'), environ)
    symlinkSync(cwd, path.join(proc, name, 'cwd'))
  }
  // ids that no kernel gives
  for (let n = 0; n < 3000; n++) entry(String(2 ** 30 + n), 'PATH=/bin\0', '/')
  // some that vanish while they are looked at, and what is no process
  for (let n = 3000; n < 3100; n++) mkdirSync(path.join(proc, String(2 ** 30 + n)))
  entry('self', `${workspaceMarker}=${workspace}\0`, '/')
  entry(String(marked.child.pid), `PATH=/bin\0${workspaceMarker}=${workspace}\0`, '/')
  entry(String(working.child.pid), 'PATH=/bin\0', path.join(workspace, 'work'))

  let turns = 0
  let over = false
  const turn = () => {
    turns += 1
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  const kill = process.kill.bind(process)
  let before: number | undefined
  t.intercept(process, 'kill', {
    value: (pid: number, signal: NodeJS.Signals) => {
      before ??= turns
      return kill(pid, signal)
    },
  })
  t.equal(await endProcessesOf(workspace, workspaceMarker, new Set(), proc), 2)
  over = true
  // two files a process, three at once: no fewer turns than that
  t.ok((before ?? 0) > 1500, `${before} turns during the first look`)
  t.ok(await gone(marked.child.pid!), 'the one with the mark is gone')
  t.ok(await gone(working.child.pid!), 'and the one that works in the folder')
  t.ok(alive(working.below), 'nobody else is touched')
})

await t.test('a root that is gone', async (t) => {
  await t.rejects(removeLeftovers(path.join(temporary(t), 'nowhere'), workspaceMarker), { code: 'ENOENT' })
})
