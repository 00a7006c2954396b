/** `Prefer` (RFC 7240): `respond-async`, and how many seconds the client would wait for a full answer. */
export interface Preferences {
  respondAsync: boolean
  /** seconds; only ever together with `respondAsync` */
  waitS: number | null
}

/** Longest wait that is granted. */
const longestWaitS = 300

/** Unknown preferences and values that make no sense are left out, as the RFC says. */
export function parsePrefer(header: string | string[] | undefined): Preferences {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  let respondAsync = false
  let waitS: number | null = null
  for (const entry of text.split(',')) {
    const [name = '', value = ''] = entry
      .split(';')[0]!
      .split('=')
      .map((part) => part.trim().toLowerCase())
    if (name === 'respond-async') respondAsync = true
    const seconds = value.replace(/^"(.*)"$/, '$1')
    if (name === 'wait' && /^\d{1,9}$/.test(seconds)) waitS ??= Math.min(Number(seconds), longestWaitS)
  }
  return { respondAsync, waitS: respondAsync ? waitS : null }
}

/** The value of `Preference-Applied`. */
export function preferenceApplied({ respondAsync, waitS }: Preferences): string | null {
  if (!respondAsync) return null
  return waitS === null ? 'respond-async' : `respond-async, wait=${waitS}`
}
