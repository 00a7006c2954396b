/** Eight questions at once to a model that takes two seconds for each answer: processes that only wait must not hold each other up. */
import type { Bridge } from './bridge.js'
import { atOnce, crowd } from './crowd.js'
import { rest } from './rest.js'
import type { Rig } from './rig.js'

const holdMs = 2000

/** @param bridge a server that has just started */
export async function measureSlowUpstream(rig: Rig, bridge: Bridge): Promise<void> {
  const name = `${atOnce} at once, the model takes ${holdMs / 1000} s: all done`
  const round = async () => {
    await rest([bridge.pid])
    const { firsts, wallMs } = await crowd(rig, bridge, { questions: atOnce, holdMs })
    rig.findings.check(firsts.length === atOnce, `slow_upstream: ${firsts.length} of ${atOnce} were answered`)
    return wallMs
  }
  rig.findings.add('slow_started', `${name}, the server has just started`, 'ms', await round(), 'time')
  const walls: number[] = []
  for (let count = 0; count < (rig.quick ? 3 : 8); count++) walls.push(await round())
  rig.findings.add('slow_upstream', name, 'ms', walls, 'time')
}
