import os from 'node:os'

/** Bytes of memory that this process may count on: the machine's, or a container's limit where that is less. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory()
  // 0 or an absurd number where nothing is set
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()
}
