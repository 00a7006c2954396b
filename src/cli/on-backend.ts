/** Which of the two a command asks. */
import type { Backend } from './backend.js'
import { type Client, Unreachable } from './client.js'
import { serverBackend } from './server-backend.js'

/**
 * Asks the server; where none answers, and none is named by `CLAUDE_BRIDGE_URL`, the store. Two servers cannot have one SQLite store, and a command
 * takes it as a server does: where a server has it that is not reached, the command fails.
 */
export async function onBackend<T>(env: NodeJS.ProcessEnv, client: Client, work: (backend: Backend) => Promise<T>): Promise<T> {
  try {
    return await work(serverBackend(client))
  } catch (error) {
    if (!(error instanceof Unreachable) || error.address.named) throw error
    const { openStoreBackend } = await import('./store-backend.js')
    const opened = await openStoreBackend(env, error)
    try {
      return await work(opened.backend)
    } finally {
      await opened.close()
    }
  }
}
