/** What the checks read of the machine, so that a test can have another one. */
import { existsSync, readFileSync } from 'node:fs'
import { memoryLimit } from '../../memory.js'

export interface Machine {
  nodeVersion: string
  architecture: string
  /** flags of the first CPU, as Linux names them; null where the system does not tell */
  cpuFlags: ReadonlySet<string> | null
  /** bytes that this process may count on */
  memory: number
  /** of process 1; null where this is no container */
  containerInit: string | null
}

export function thisMachine(): Machine {
  return {
    nodeVersion: process.versions.node,
    architecture: process.arch,
    cpuFlags: flagsIn(textOf('/proc/cpuinfo')),
    memory: memoryLimit(),
    containerInit: isContainer() ? textOf('/proc/1/comm').trim() : null,
  }
}

/** @param text of `/proc/cpuinfo` on x86 */
export function flagsIn(text: string): ReadonlySet<string> | null {
  const flags = /^flags\s*:\s*(.+)$/m.exec(text)?.[1]
  return flags === undefined ? null : new Set(flags.trim().split(/\s+/))
}

/** By the files that Docker and Podman leave, and what Kubernetes sets. */
function isContainer(): boolean {
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv') || process.env['KUBERNETES_SERVICE_HOST'] !== undefined
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
