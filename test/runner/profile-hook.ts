/** Loaded first in a test process by `run.js --profile`: at its end it appends to PROFILE_FILE where its time went, as a line of JSON. */
import { ChildProcess } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

export interface Profile {
  /** the test files of the process */
  files: string[]
  /** seconds until the first test or assertion: node, tap, the modules and what the file prepares */
  start: number
  wall: number
  /** seconds of CPU until the first test, of this process altogether, and of all processes it has started and seen end */
  startCpu: number
  cpu: number
  childrenCpu: number
  /** how many times the CLI was started, `--version` not counted, and how many other processes */
  clis: number
  others: number
}

const profile: Profile = { files: [], start: 0, wall: 0, startCpu: 0, cpu: 0, childrenCpu: 0, clis: 0, others: 0 }

/** Seconds of CPU of this process and of its children, from /proc; zeros where there is none. */
function cpuTimes(): { own: number; children: number } {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ').map(Number)
    return { own: (fields[11]! + fields[12]!) / 100, children: (fields[13]! + fields[14]!) / 100 }
  } catch {
    return { own: process.cpuUsage().user / 1e6, children: 0 }
  }
}

const begin = () => {
  if (profile.start > 0) return
  profile.start = performance.now() / 1000
  profile.startCpu = cpuTimes().own
}

interface Internals {
  spawn: (this: unknown, options: { file: string; args: string[] }) => unknown
}
const internals = ChildProcess.prototype as unknown as Internals
const { spawn } = internals
internals.spawn = function (options) {
  // the CLI is started through a shell that ties it to this process
  const isCli = options.args.includes('--input-format=stream-json')
  profile[isCli ? 'clis' : 'others'] += 1
  return spawn.call(this, options)
}

// a thread that the program starts loads this module as well, and is no test
if (isMainThread) {
  const { default: t } = await import('tap')
  t.once('subtestAdd', begin)
  t.once('assert', begin)
  process.on('exit', end)
}

function end(): void {
  const { own, children } = cpuTimes()
  begin()
  const files = process.argv.filter((argument) => argument.endsWith('.test.js'))
  Object.assign(profile, { files, wall: performance.now() / 1000, cpu: own, childrenCpu: children })
  appendFileSync(process.env['PROFILE_FILE']!, `${JSON.stringify(profile)}\n`)
}
