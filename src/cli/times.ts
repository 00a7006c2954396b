/** Times as people write and read them. */
/** Unix seconds -> the time of day here, as in 2026-11-30 18:25:52. */
export function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString('sv-SE')
}

/** Unix seconds, or a date that JavaScript can read, such as 2026-11-30 (UTC) -> Unix seconds; null for anything else. */
export function readTime(text: string): number | null {
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000)
  return Number.isNaN(seconds) ? null : seconds
}
