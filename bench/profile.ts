/**
 * `npm run bench -- profile`: what the server does with its CPU while processes are asked again, eight questions at once. Prints the ten
 * functions with the most time of their own, each of which does not count what it calls.
 */
import type { Profiler } from 'node:inspector'
import path from 'node:path'
import { sourceLines } from '../test/runner/source-lines.js'
import { atOnce, crowd, fillSessions } from './crowd.js'
import { look, lookEnvironment } from './look.js'
import { number } from './table.js'
import type { Rig } from './rig.js'

const shown = 10
const root = path.join(import.meta.dirname, '../..')

export async function printProfile(rig: Rig): Promise<void> {
  const socket = path.join(rig.folder, 'profile.sock')
  const bridge = await rig.start('profile', lookEnvironment('cpu-profiler.js', socket))
  await fillSessions(rig, bridge)
  // the code is compiled, and each process has been asked again
  await crowd(rig, bridge, { questions: 4 * atOnce })
  const questions = rig.quick ? 64 : 256
  await look(socket)
  const { wallMs } = await crowd(rig, bridge, { questions })
  const profile = await look<Profiler.Profile>(socket)
  await rig.end(bridge)

  const times = selfTimes(profile)
  const apart = ['(idle)', '(program)', '(garbage collector)']
  const ofFunctions = [...times].filter(([name]) => !apart.includes(name)).sort(([, a], [, b]) => b - a)
  const all = ofFunctions.reduce((sum, [, ms]) => sum + ms, 0)
  console.log(`\nprofile: ${questions} questions, ${atOnce} at once, ${number(wallMs / 1000)} s`)
  for (const name of apart) console.log(`${number(times.get(name) ?? 0).padStart(8)} ms          ${name}`)
  console.log(`${number(all).padStart(8)} ms          all functions, ${number(all / questions)} ms a question`)
  for (const [name, ms] of ofFunctions.slice(0, shown)) {
    console.log(`${number(ms).padStart(8)} ms  ${number((100 * ms) / all).padStart(5)} %  ${sourceLines(name, root)}`)
  }
}

/** Milliseconds of each function by itself, its place behind its name. */
function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!
    times.set(name, (times.get(name) ?? 0) + Math.max(0, timeDeltas[index] ?? 0) / 1000)
  }
  return times
}

/** Lines and columns count from 0 in a profile. */
function nameOf({ functionName, url, lineNumber, columnNumber }: { functionName: string; url: string; lineNumber: number; columnNumber: number }) {
  if (url === '' && /^\(.*\)$/.test(functionName)) return functionName
  const place = url === '' ? 'native' : `${url.replace(/^file:\/\//, '')}:${lineNumber + 1}:${columnNumber + 1}`
  return `${functionName || '(anonymous)'} ${place}`
}
