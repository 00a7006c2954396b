/** A call that is over is off the list of running calls, however it ended. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import t from 'tap'
import { RunningCalls } from '../../../mcp/server/calls.js'
import { type ServerSetup, createServer } from '../../../mcp/server/server.js'

await t.test('answered, refused and failed', async (t) => {
  const calls = new RunningCalls()
  const during: number[] = []
  const troubles: unknown[] = []
  const list = () => {
    during.push(calls.size)
    if (during.length === 3) throw new Error('broken')
    return Promise.resolve({ jobs: [], hasMore: false, cut: false })
  }
  const progressOf = () => Promise.resolve(() => null)
  const setup = {
    jobs: { list, progressOf },
    calls,
    caller: { owner: 'ann' },
    session: 'session',
    onTrouble: (error: unknown) => troubles.push(error),
  }
  const server = createServer(setup as unknown as ServerSetup)
  const client = new Client({ name: 'test', version: '1' })
  const [here, there] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(there), client.connect(here)])
  t.teardown(() => client.close())
  const call = (args: Record<string, unknown> = {}) => client.callTool({ name: 'list_tasks', arguments: args })
  t.notOk((await call()).isError)
  t.equal(calls.size, 0, 'answered')
  t.notOk((await call()).isError)
  t.ok((await call({ limit: 'many' })).isError)
  t.equal(calls.size, 0, 'refused')
  t.ok((await call()).isError)
  t.equal(calls.size, 0, 'failed')
  t.strictSame(during, [1, 1, 1], 'each was on the list while it ran')
  t.match(troubles, [{ message: 'broken' }])
})
