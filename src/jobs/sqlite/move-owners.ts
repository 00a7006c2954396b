/** Records whose owner has another name from this version on: moved once in the life of a database. */
import type { Connection } from './connection.js'

export interface OwnerMoves {
  moves: readonly { from: string; to: string }[]
  /** Called when it was done, if there were such records: how many jobs were moved, and how many named by place have no move and stay. */
  onMoved: (moved: number, left: number) => void
}

const step = 'owners by place'

/**
 * Gives the jobs and idempotency keys of each `from` to its `to`, in one transaction with the mark that it was done. With the mark
 * there nothing is moved, whatever `moves` says: by then a place in the list of keys may be another key's.
 */
export function moveOwners(connection: Connection, { moves, onMoved }: OwnerMoves): void {
  const counts = connection.transaction(() => {
    const { changes } = connection.sql('INSERT OR IGNORE INTO done_once (step, at) VALUES (?, ?)').run(step, Date.now())
    if (Number(changes) === 0) return null
    let moved = 0
    for (const { from, to } of moves) {
      moved += Number(connection.sql('UPDATE jobs SET owner = ? WHERE owner = ?').run(to, from).changes)
      connection.sql('UPDATE idempotency SET owner = ? WHERE owner = ?').run(to, from)
    }
    const left = connection.sql(`SELECT count(*) AS jobs FROM jobs WHERE owner GLOB 'key-[1-9]*' AND NOT owner GLOB 'key-*[^0-9]*'`).get()
    return { moved, left: Number(left?.jobs) }
  })
  if (counts !== null && counts.moved + counts.left > 0) onMoved(counts.moved, counts.left)
}
