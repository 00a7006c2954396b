/**
 * How deep jobs may call the bridge from within jobs. Without a limit a job that may ask the bridge could ask for a job that may ask
 * the bridge, for ever.
 *
 * What makes the MCP config of a job writes {@link depthBelow} where the config says `${CLAUDE_BRIDGE_DEPTH}`, so that an entry
 * with the header `x-bridge-depth: ${CLAUDE_BRIDGE_DEPTH}` carries it here. The CLI's own environment is no place for it: a process
 * is started before its job is known.
 */
import { BridgeError } from '../errors/catalogue.js'

/** Says how many jobs are above the one that is asked for; absent: none. */
export const depthHeader = 'x-bridge-depth'

/** Most jobs above one. */
export const maxDepth = 3

/**
 * Reads the header. An unfilled placeholder is refused, for it would count as no depth at all.
 *
 * @throws BridgeError invalid_value, depth_exceeded
 */
export function readDepth(header: string | string[] | undefined): number {
  if (header === undefined) return 0
  if (typeof header !== 'string' || !/^\d{1,6}$/.test(header)) {
    throw new BridgeError('invalid_value', `${depthHeader} has to be a whole number.`, { param: depthHeader })
  }
  return limited(Number(header))
}

/**
 * How deep a request is: by its header, or by the job that asks with its token, whichever is deeper. A header alone could be left out.
 *
 * @throws BridgeError invalid_value, depth_exceeded
 */
export function depthOf(header: string | string[] | undefined, parent: { depth?: number } | null): number {
  const said = readDepth(header)
  return parent === null ? said : limited(Math.max(said, (parent.depth ?? 0) + 1))
}

function limited(depth: number): number {
  if (depth <= maxDepth) return depth
  throw new BridgeError('depth_exceeded', `Jobs may ask for jobs ${maxDepth} levels deep; this would be level ${depth}.`)
}

/** The value of `CLAUDE_BRIDGE_DEPTH` for a job: what it asks the bridge for stands one level below it. */
export function depthBelow(request: { depth?: number }): string {
  return String((request.depth ?? 0) + 1)
}
