/** Limits of connections that no machine is slow enough to meet: nothing recorded is a matter of them. */
export const calm = { commentEveryMs: 600_000, firstPieceMs: 600_000, paddingAfterMs: 600_000, paddingEveryMs: 600_000 }
