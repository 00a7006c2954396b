/** How late the server's event loop is while questions come eight at once. */
import { atOnce, crowd, fillSessions } from './crowd.js'
import { intervalMs } from './loop-monitor.js'
import type { Rig } from './rig.js'
import { startWatched } from './watched-server.js'

export async function measureLoopDelay(rig: Rig): Promise<void> {
  const server = await startWatched(rig, 'loop', {})
  await fillSessions(rig, server.bridge)
  const questions = rig.quick ? 32 : 128
  const { longestMs, p99Ms } = await server.watch(async () => void (await crowd(rig, server.bridge, { questions })))
  await rig.end(server.bridge)
  const late = (ms: number) => Math.max(0, ms - intervalMs)
  rig.findings.add(
    'loop_p99',
    `delay of the server's event loop, ${questions} questions, ${atOnce} at once: p99`,
    'ms',
    late(p99Ms),
    'time',
  )
  rig.findings.add('loop_max', '  the longest', 'ms', late(longestMs), 'time')
}
