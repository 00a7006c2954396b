/** Where the time of a run went, as a table. */
import { readFileSync } from 'node:fs'
import type { Profile } from './profile-hook.js'

/** `file`: lines of JSON as `profile-hook.js` writes them; `seconds`: of the whole run; `jobs`: processes at a time. */
export function profileTable(file: string, seconds: number, jobs: number): string {
  const profiles = readFileSync(file, 'utf8').trim().split('\n')
  const all = profiles.map((line) => JSON.parse(line) as Profile)
  const sum = (of: (profile: Profile) => number) => all.reduce((total, profile) => total + of(profile), 0)
  const wall = sum(({ wall }) => wall)
  const row = (name: string, wallS: number, cpuS: number, count: number | string) =>
    `| ${name} | ${count} | ${wallS.toFixed(0)} | ${cpuS.toFixed(0)} |`
  const startWall = sum(({ start }) => start)
  const startCpu = sum(({ startCpu }) => startCpu)
  const children = sum(({ childrenCpu }) => childrenCpu)
  const cpu = sum(({ cpu }) => cpu)
  const waits = sum((one) => Math.max(0, one.wall - one.cpu - one.childrenCpu))
  return [
    `${seconds.toFixed(0)} s, ${jobs} processes at a time`,
    '| part | count | s of a process | s of CPU |',
    '|---|---|---|---|',
    row('start of test processes, up to the first test', startWall, startCpu, all.length),
    row(
      'processes the tests start (the CLI, servers), while they run',
      children,
      children,
      `${sum(({ clis }) => clis)} CLI, ${sum(({ others }) => others)} others`,
    ),
    row('waits: neither the test nor its processes use CPU', waits, 0, ''),
    row('the rest: tests in their own process', Math.max(0, wall - startWall - children - waits), cpu - startCpu, ''),
    row('all', wall, cpu + children, ''),
  ].join('\n')
}
