/** What a provider says of its rate limits: the headers of its answer that a client may see as if it had asked itself. */
export function rateLimits(headers: Record<string, string | string[] | undefined>): Record<string, string> | null {
  const found = Object.entries(headers)
    .filter(([name]) => /^x-ratelimit-[a-z0-9-]{1,60}$/.test(name))
    .map(([name, value]) => [name, String(value)] as const)
    .filter(([, value]) => /^[\x20-\x7e]{1,100}$/.test(value))
    .slice(0, 16)
  return found.length === 0 ? null : Object.fromEntries(found)
}
