/** What the bridge adds to a call of another provider: the same question straight to one, and through the job that wraps it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askStreaming } from './ask.js'
import type { Rig } from './rig.js'

const text = 'The answer'

export async function measureOtherProvider(rig: Rig): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const content of text.split(/(?= )/)) response.write(frame({ delta: { content } }))
      response.end(`${frame({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const settings = { bench: { base_url: `${url}/v1`, models: '*' } }
  const bridge = await rig.start('upstream', { WARM_PROCESSES: '0', UPSTREAMS: JSON.stringify(settings) })
  const times = { direct: [] as number[], through: [] as number[] }
  const rounds = rig.quick ? 50 : 200
  for (let round = -5; round < rounds; round++) {
    for (const [to, base] of [
      ['direct', url],
      ['through', bridge.url],
    ] as const) {
      const { firstMs, text: said } = await askStreaming(base, [{ role: 'user', content: 'A question' }], { model: 'bench/m' })
      rig.findings.check(said === text, `another provider, ${to}: ${JSON.stringify(said)}`)
      if (round >= 0) times[to].push(firstMs)
    }
  }
  rig.findings.add('provider_direct_first', 'another provider, direct: first token', 'ms', times.direct)
  rig.findings.add('provider_first', 'another provider, through the bridge: first token', 'ms', times.through)
  await rig.end(bridge)
  server.closeAllConnections()
  server.close()
}

function frame(choice: object): string {
  return `data: ${JSON.stringify({ model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`
}
