/**
 * The name of a client's tool among all that a request offers. A tool of a namespace has the namespace in front; the space between is in no
 * name that a client can give, so that no two tools meet.
 */
const between = ' '

/** `('close_agent', 'agents')` -> `agents close_agent` */
export function callName(name: string, namespace?: string | null): string {
  return namespace == null || namespace === '' ? name : `${namespace}${between}${name}`
}

/** The client's own name, and the namespace that it gave. */
export function partsOfCallName(whole: string): { name: string; namespace?: string } {
  const at = whole.indexOf(between)
  return at === -1 ? { name: whole } : { name: whole.slice(at + 1), namespace: whole.slice(0, at) }
}
