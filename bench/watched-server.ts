/** A server whose event loop and memory are watched, for rows about its silence. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bridge } from './bridge.js'
import { look, lookEnvironment } from './look.js'
import type { LoopDelays } from './loop-monitor.js'
import type { Rig } from './rig.js'

export interface Silence {
  /** the longest time in which the event loop did nothing else, in milliseconds */
  longestMs: number
  p99Ms: number
  /** how much the resident memory grew at its highest, in MiB */
  grownMiB: number
}

export interface WatchedServer {
  bridge: Bridge
  /** What a task does to the server; the task's own error is passed on. */
  watch(task: () => Promise<void>): Promise<Silence>
}

export async function startWatched(rig: Rig, name: string, env: Record<string, string>): Promise<WatchedServer> {
  const socket = path.join(rig.folder, `${name}.sock`)
  const bridge = await rig.start(name, { ...env, ...lookEnvironment('loop-monitor.js', socket) })
  return {
    bridge,
    async watch(task) {
      // what came before has to be over
      await sleep(200)
      await look(socket)
      // the first delay after a look is not counted
      await sleep(100)
      const before = memory(bridge.pid, 'VmRSS')
      // Linux then counts the peak from here on
      writeFileSync(`/proc/${bridge.pid}/clear_refs`, '5')
      await task()
      const { maxMs, p99Ms } = await look<LoopDelays>(socket)
      return { longestMs: maxMs, p99Ms, grownMiB: memory(bridge.pid, 'VmHWM') - before }
    },
  }
}

/** In MiB. */
function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024
}
