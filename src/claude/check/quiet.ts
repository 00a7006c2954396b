import { setTimeout as sleep } from 'node:timers/promises'

/** How often it is looked whether it is quiet. */
const lookMs = 250

/** Resolves when no job wants the CPU. Rejects when `signal` is aborted. */
export async function quietTurn(quiet: () => boolean, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  while (!quiet()) await sleep(lookMs, undefined, { signal, ref: false })
}
