/** Without `HOST` the server is on both loopback addresses; one of them may be another program's. */
import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, type Server, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { environment } from '../helper.js'
import { startServer, temporary } from '../helper-server.js'

const open = (host: string, port = 0): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen({ host, port, ipv6Only: true }, () => resolve(server))
  })

const portOf = (server: Server) => (server.address() as AddressInfo).port

/** A port that is taken on one of the addresses, or on both. */
async function taken(t: Test, ...hosts: string[]): Promise<number> {
  const first = await open(hosts[0]!)
  t.teardown(() => first.close())
  for (const host of hosts.slice(1)) {
    const next = await open(host, portOf(first))
    t.teardown(() => next.close())
  }
  return portOf(first)
}

const base = (t: Test) => environment(temporary(t), 'http://127.0.0.1:1')
const statusAt = async (host: string, port: string | number) => (await fetch(`http://${host}:${port}/health`)).status
const portIn = (url: string | undefined) => new URL(url!).port

const hasIPv6 = await open('::1').then(
  (server) => Boolean(server.close()),
  () => false,
)

await t.test('where there are two loopback addresses', { skip: hasIPv6 ? false : 'this machine has no ::1' }, async (t) => {
  await t.test('one port for both, and one end', async (t) => {
    const server = await startServer(t, base(t))
    const port = portIn(server.url)
    t.equal(await statusAt('127.0.0.1', port), 200)
    t.equal(await statusAt('[::1]', port), 200)
    t.equal(await statusAt('localhost', port), 200)
    // the limits of the one hold for the other: what is no HTTP gets the same answer
    const waiting = request({ host: '::1', port, path: '/', headers: { expect: '100-continue', 'content-length': '5' }, method: 'POST' })
    waiting.flushHeaders()
    const [answer] = (await once(waiting, 'response')) as [{ statusCode: number }]
    t.equal(answer.statusCode, 404, 'a body is refused before it is sent')
    waiting.destroy()
    const idle = await open('::1')
    idle.close()
    server.process.kill('SIGTERM')
    t.equal((await server.ended).code, 0, 'connections that are idle do not hold the end up')
    await t.rejects(statusAt('[::1]', port))
  })

  await t.test('the one or the other is taken', async (t) => {
    const v6 = await taken(t, '::1')
    const first = await startServer(t, { ...base(t), PORT: String(v6) })
    t.equal(await statusAt('127.0.0.1', v6), 200)
    t.match(first.stdout(), /does not listen on \[::1\]: port \d+ of it is in use by another program/)
    const v4 = await taken(t, '127.0.0.1')
    const second = await startServer(t, { ...base(t), PORT: String(v4) })
    t.equal(await statusAt('[::1]', v4), 200)
    t.match(second.stdout(), /does not listen on 127.0.0.1: port \d+ of it is in use by another program/)
  })

  await t.test('both are taken', async (t) => {
    const port = await taken(t, '127.0.0.1', '::1')
    const server = await startServer(t, { ...base(t), PORT: String(port) })
    t.equal((await server.ended).code, 1)
    t.equal(server.stderr().trim(), `claude-bridge: PORT: ${port} is in use by another program`)
  })

  await t.test('an address that was named is the only one', async (t) => {
    for (const [named, other] of [
      ['127.0.0.1', '[::1]'],
      ['::1', '127.0.0.1'],
    ]) {
      const server = await startServer(t, { ...base(t), HOST: named! })
      await t.rejects(statusAt(other!, portIn(server.url)), `only on ${named}`)
    }
  })
})
