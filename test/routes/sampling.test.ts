/** `SAMPLING=pass`: what the API gets, and that it is gone with the next question of the same process. */
import t from 'tap'
import { ask, forcible, onlyParked, startBridge } from '../helper.js'
import { contains, message } from '../standin/index.js'

for (const sampling of ['pass', 'ignore']) {
  await t.test(sampling, async (t) => {
    const bridge = await startBridge(t, { env: { SAMPLING: sampling, WARM_PROCESSES: '1' }, warm: onlyParked })
    bridge.standin.when('S-', message('fine'))
    const asked = async (marker: string, more: object) => {
      const response = await bridge.post('/v1/chat/completions', ask(marker, { model: forcible, reasoning_effort: 'none', ...more }))
      t.equal(response.status, 200)
      const { bridge: told } = (await response.json()) as { bridge: { ignored: string[] } }
      const { body } = bridge.standin.calls.findLast((call) => contains(call, marker))!
      return { ignored: told.ignored, temperature: body['temperature'], top_p: body['top_p'], thinking: body['thinking'] }
    }
    const first = await asked('S-first', { temperature: 0.25, top_p: 0.5 })
    const second = await asked('S-second', {})
    // the family takes one of the two
    if (sampling === 'pass') t.match(first, { ignored: ['top_p'], temperature: 0.25, top_p: undefined, thinking: { type: 'disabled' } })
    // without thinking the CLI itself says 1
    else t.match(first, { ignored: ['temperature', 'top_p'], temperature: 1, top_p: undefined })
    t.match(second, { ignored: [], temperature: 1, top_p: undefined })
  })
}
