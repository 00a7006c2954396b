import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer, request as ask, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { until } from '../helper.js'
import { withRedis } from '../redis.js'
import { openBalancer } from './balancer.js'
import { freePort } from './ports.js'

const program = path.join(import.meta.dirname, 'cluster.js')

await t.test('the balancer', async (t) => {
  const names = ['a', 'b']
  const servers = names.map((name) =>
    createServer((request, response) => {
      response.write(`${name} `)
      // as it comes, and not when all is there
      void text(request).then((body) => response.end(body))
    }).listen(0, '127.0.0.1'),
  )
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const urls = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const balancer = await openBalancer([`http://127.0.0.1:${await freePort('127.0.0.1')}`, ...urls], '127.0.0.1', 0)
  t.teardown(async () => {
    await balancer.close()
    for (const server of servers) server.close()
  })
  const post = async (authorization?: string) =>
    (await fetch(balancer.url, { method: 'POST', body: 'words', headers: authorization === undefined ? {} : { authorization } })).text()
  const inTurn = [await post(), await post(), await post(), await post()]
  t.equal(new Set(inTurn).size, 2)
  t.ok(
    inTurn.every((answer) => / words$/.test(answer)),
    'whole, also behind a server that is not there',
  )
  const ofOne = [await post('Bearer x'), await post('Bearer x'), await post('Bearer x')]
  t.equal(new Set(ofOne).size, 1)

  const request = ask(balancer.url, { method: 'POST' })
  request.flushHeaders()
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  const [first] = (await once(answer, 'data')) as [Buffer]
  t.match(first.toString(), /^[ab] $/, 'the beginning of an answer comes before the end of its request')
  request.end('end')
  t.match(await text(answer), /end$/)

  const none = await openBalancer([`http://127.0.0.1:${await freePort('127.0.0.1')}`], '127.0.0.1', 0)
  t.teardown(() => none.close())
  t.equal((await fetch(none.url)).status, 503)
})

await t.test('three servers answer, and go on when one is killed', withRedis, async (t) => {
  const port = await freePort('127.0.0.1')
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, PORT: String(port), WARM_PROCESSES: '0', START_PROBE: '0', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let shown = ''
  child.stdout.on('data', (bytes: Buffer) => (shown += bytes.toString()))
  t.ok(await until(() => shown.includes('Ctrl-C ends it.'), 90_000))
  const pids = [...shown.matchAll(/process (\d+),/g)].map((match) => Number(match[1]))
  t.equal(pids.length, 3)

  const say = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: 'hello' }] }),
    })
    return { status: response.status, text: await response.text() }
  }
  t.match(await say(), { status: 200, text: /Local stand-in/ })
  process.kill(pids[0]!, 'SIGKILL')
  t.ok(await until(() => !isAlive(pids[0]!), 5000))
  for (let times = 0; times < 3; times++) t.match(await say(), { status: 200, text: /Local stand-in/ })
  t.equal((await fetch(`http://127.0.0.1:${port}/tasks`)).status, 200)

  const below = descendantsOf(child.pid!)
  t.ok(below.length >= 3, 'two servers and Redis')
  child.kill('SIGINT')
  t.strictSame(await once(child, 'exit'), [0, null])
  t.strictSame(below.filter(isAlive), [], 'no process is left')
})

await t.test('it says what to install', async (t) => {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, PATH: '/none', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')])
  t.match(said, /redis-server cannot be started .*apt install redis-server/)
  t.equal(child.exitCode, 1)
})

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]
        return [{ pid: Number(entry), parent: Number(parent) }]
      } catch {
        return []
      }
    })
  const children = parents.filter(({ parent }) => parent === pid).map((one) => one.pid)
  return [...children, ...children.flatMap(descendantsOf)]
}
