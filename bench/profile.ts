/**
 * `npm run bench -- profile`: what the server does with its CPU while processes are asked again, eight questions at once. Prints the ten
 * functions with the most time of their own, each of which does not count what it calls. The times are those of the clock: a function that
 * waits for the disk, or that loses its core to another process, has that time too.
 */
import type { Profiler } from 'node:inspector'
import path from 'node:path'
import { sourceLines } from '../test/runner/source-lines.js'
import type { ChatMessage } from './ask.js'
import { type CrowdOptions, atOnce, crowd, fillSessions } from './crowd.js'
import { look, lookEnvironment } from './look.js'
import { cpuOf } from './procfs.js'
import { number } from './table.js'
import type { Rig } from './rig.js'

const shown = 10
const root = path.join(import.meta.dirname, '../..')
const apart = ['(idle)', '(program)', '(garbage collector)']

export async function printProfile(rig: Rig): Promise<void> {
  const questions = rig.quick ? 64 : 256
  await profile(rig, 'short questions', { questions })
  const history = Array.from({ length: atOnce }, (_, client) => longHistory(client))
  await profile(rig, 'after 40 messages of 2,000 characters, which stay as they are', { questions, history })
}

async function profile(rig: Rig, name: string, options: CrowdOptions): Promise<void> {
  const { questions } = options
  const socket = path.join(rig.folder, 'profile.sock')
  const bridge = await rig.start('profile', lookEnvironment('cpu-profiler.js', socket))
  await fillSessions(rig, bridge)
  // the code is compiled, and each process has been asked again
  await crowd(rig, bridge, { ...options, questions: 4 * atOnce })
  const cpu = cpuOf(bridge.pid)
  await look(socket)
  const { wallMs } = await crowd(rig, bridge, options)
  const times = selfTimes(await look<Profiler.Profile>(socket))
  const cpuMs = (cpuOf(bridge.pid) - cpu) / questions
  await rig.end(bridge)

  const ofFunctions = [...times].filter(([one]) => !apart.includes(one)).sort(([, a], [, b]) => b - a)
  const all = ofFunctions.reduce((sum, [, ms]) => sum + ms, 0)
  console.log(
    `\n${questions} questions, ${atOnce} at once, ${name}: ${number(wallMs / 1000)} s, CPU of the server ${number(cpuMs)} ms a question`,
  )
  for (const one of apart) console.log(`${number(times.get(one) ?? 0).padStart(8)} ms           ${one}`)
  console.log(`${number(all).padStart(8)} ms           all functions, ${number(all / questions)} ms a question`)
  for (const [one, ms] of ofFunctions.slice(0, shown)) {
    console.log(
      `${number(ms).padStart(8)} ms  ${number((100 * ms) / all).padStart(5)} %  ${sourceLines(one, root).replace(`${root}/`, '')}`,
    )
  }
}

function longHistory(client: number): ChatMessage[] {
  return Array.from({ length: 40 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `message ${index} of client ${client}: ${'some more words '.repeat(125)}`,
  }))
}

/** Milliseconds of each function by itself, its place behind its name. */
function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])))
  const names = new Map(nodes.map(({ id }) => [id, nameOf(id)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!
    times.set(name, (times.get(name) ?? 0) + Math.max(0, timeDeltas[index] ?? 0) / 1000)
  }
  return times

  /** One that has no place of its own is told by the function of a file that has it called. */
  function nameOf(id: number): string {
    const { functionName: name, url } = byId.get(id)!.callFrame
    if (url !== '') return placed(byId.get(id)!)
    if (/^\(.*\)$/.test(name)) return name
    let above = parents.get(id)
    while (above !== undefined && !byId.get(above)!.callFrame.url.startsWith('file:')) above = parents.get(above)
    return above === undefined ? `${name} (native)` : `${name} (native), called by ${placed(byId.get(above)!)}`
  }
}

/** Lines and columns count from 0 in a profile. */
function placed({ callFrame: { functionName, url, lineNumber, columnNumber } }: Profiler.ProfileNode): string {
  return `${functionName || '(anonymous)'} ${url.replace(/^file:\/\//, '')}:${lineNumber + 1}:${columnNumber + 1}`
}
