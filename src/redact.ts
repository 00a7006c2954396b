/** What begins a token of a job; see `jobs/tokens.ts`. */
export const tokenPrefix = 'job_'

/** Takes tokens of jobs out of a text, also one that was cut off within its second half. */
export function withoutTokens(text: string): string {
  return text.replace(/job_[\w-]{22,}/g, 'job_…')
}

/** Takes out of an error's words what is the host's business: absolute paths, addresses, keys, stack lines. */
export function redact(text: string): string {
  return (
    // not `\s`: it takes line ends too, and many of them would take it seconds
    withoutKeys(withoutTokens(text).replace(/^[^\S\n]+at .*$/gm, ''))
      .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, '<address>')
      .replace(/(?<![\w:/.@])\/(?:[\w.@+-]+\/)+[\w.@+-]*/g, '<path>')
      .replace(/\n{2,}/g, '\n')
      .trim()
      .slice(0, 2000)
  )
}

/** Takes out what looks like a key. */
export function withoutKeys(text: string): string {
  return text
    .replace(/\b(sk|pk|key|token)-[\w-]{8,}/gi, '$1-…')
    .replace(/\b(cb_[a-z0-9]{10})_[\w-]+/g, '$1_…')
    .replace(/(Bearer\s+)\S+/gi, '$1…')
}
