/** A client that waits for a silent job is told of it again and again: it would give its call up, whatever comments the stream has. */
import t from 'tap'
import { direct, gate, startBridge } from '../../helper.js'
import { connect } from '../../helper-mcp.js'
import { message } from '../../standin/index.js'

const bridge = await startBridge(t, { direct: 100, timing: { signOfLifeMs: 200 } })

await t.test('the official client does not give up', async (t) => {
  const user = await connect(bridge)
  for (const name of ['ask', 'get_task']) {
    const { opened, open } = gate()
    bridge.standin.when(`M-${name}`, message('at last', { hold: { afterDeltas: 1, until: opened } }))
    let args: Record<string, unknown> = { question: `M-${name}`, model: direct }
    if (name === 'get_task') args = { task_id: (await user.call('start_task', args)).structuredContent!['id'], wait: 60 }
    setTimeout(open, 5000)
    const told: number[] = []
    const options = {
      timeout: 2000,
      resetTimeoutOnProgress: true,
      onprogress: ({ progress }: { progress: number }) => void told.push(progress),
    }
    const result = await user.client.callTool({ name, arguments: args }, undefined, options)
    t.match(JSON.stringify(result), /at last/, name)
    t.ok(told.length > 10, `${name}: ${told.length} notifications`)
    t.ok(
      told.every((progress, index) => index === 0 || progress > told[index - 1]!),
      `${name}: each number is above the last: ${told.join(' ')}`,
    )
  }
})
