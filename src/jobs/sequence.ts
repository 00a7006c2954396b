/**
 * Numbers in the order in which this server asks a store that several share, which answers in that order: what was asked for before a count
 * is in it.
 */
let last = 0

export function nextInOrder(): number {
  return ++last
}
