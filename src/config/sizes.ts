/** Sizes that follow from this machine where nothing is set. */
import os from 'node:os'
import { memoryLimit } from '../memory.js'

/**
 * How many CLI processes may work at once: mostly they wait for the model, so four a core; each holds up to 300 MB, so
 * no more than half of the memory.
 */
export function defaultConcurrency(): number {
  const byCores = os.availableParallelism() * 4
  const byMemory = Math.floor(memoryLimit() / 2 / (300 * 1024 * 1024))
  return Math.max(1, Math.min(byCores, byMemory, 64))
}

/** One that waits for a question holds some 100 MB of its own; half of the memory is for all of them. */
export function defaultProcesses(maxConcurrent: number): number {
  const byMemory = Math.floor(memoryLimit() / 2 / (150 * 1024 * 1024))
  return Math.max(maxConcurrent, Math.min(2 * maxConcurrent, byMemory))
}
