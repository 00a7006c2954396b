/**
 * Whether the value of a field says nothing, so that nothing is lost where it is left out: undefined, null, an empty text, an empty list,
 * an empty object, and a list or an object of which every member is null, an empty list or an empty object (`{"mcpServers": {}}`). Containers
 * are not looked into any deeper than that. An empty text in a container is something: it may name something.
 */
export function isNothing(value: unknown): boolean {
  return value === '' || isHollow(value, 2)
}

function isHollow(value: unknown, depth: number): boolean {
  if (value == null) return true
  if (typeof value !== 'object' || depth === 0) return false
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value)
  return members.every((member) => isHollow(member, depth - 1))
}

/**
 * Whether a field of a request is empty, so that it counts as absent: what {@link isNothing} says, and a list of empty texts (`stop: [""]`).
 * One rule for every field.
 */
export function isEmptyField(value: unknown): boolean {
  return isNothing(value) || (Array.isArray(value) && value.every((member) => member === ''))
}
