/** How a module that is loaded into a server before its program (`--import`) is asked, over a socket. Both sides of it. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const variable = 'BENCH_LOOK'

/** What a server is started with. `module`: a compiled file of this folder that calls {@link onLook} */
export function lookEnvironment(module: string, socket: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${pathToFileURL(path.join(import.meta.dirname, module)).href}`, [variable]: socket }
}

/** In the server: `begin` is called at once, and what it returns for each look, whose answer it gives. Not in threads. */
export function onLook(begin: () => () => Promise<unknown>): void {
  const socket = process.env[variable]
  if (!isMainThread || socket === undefined) return
  // for this process alone, and not for those that it starts
  delete process.env[variable]
  delete process.env['NODE_OPTIONS']
  const answer = begin()
  // of a server before
  rmSync(socket, { force: true })
  createServer((connection) => {
    connection.on('error', () => {})
    answer()
      .then((value) => connection.end(JSON.stringify(value ?? null)))
      .catch(() => connection.destroy())
  })
    .listen(socket)
    .unref()
}

/** In the bench. Rejects where the server has no answer. */
export async function look<T>(socket: string): Promise<T> {
  const connection = connect(socket)
  await once(connection, 'connect')
  return JSON.parse(await text(connection)) as T
}
