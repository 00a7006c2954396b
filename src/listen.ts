/** Where the server listens. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.js'
import { listenToo } from './http/further-listener.js'

/**
 * Listens on `HOST`; without one, on both loopback addresses under one port, since `localhost` is the one for some clients and the other for
 * others. One of the two that another program has, or that this machine does not have, is left out. @throws the error of `listen`
 */
export async function listen(app: FastifyInstance, { host, port, bothLoopbacks }: Pick<Config, 'host' | 'port' | 'bothLoopbacks'>) {
  if (!bothLoopbacks) return void (await app.listen({ host, port }))
  try {
    await app.listen({ host: '127.0.0.1', port })
  } catch (error) {
    if (!isLeftOut(error)) throw error
    await app.listen({ host: '::1', port }).catch(() => {
      throw error
    })
    return app.log.warn(leftOut('127.0.0.1', port, error))
  }
  const { port: taken } = app.server.address() as AddressInfo
  try {
    app.furtherListeners.push(await listenToo(app.server, '::1', taken))
    app.log.info(`Server listening at http://[::1]:${taken}`)
  } catch (error) {
    // a machine without IPv6 lacks nothing
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') app.log.warn(leftOut('[::1]', taken, error))
  }
}

function isLeftOut(error: unknown): boolean {
  return ['EADDRINUSE', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function leftOut(address: string, port: number, error: unknown): string {
  const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  const why = inUse ? `port ${port} of it is in use by another program` : 'this machine does not have it'
  return `the server does not listen on ${address}: ${why}`
}
