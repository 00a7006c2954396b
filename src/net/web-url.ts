declare const checked: unique symbol

/** An http(s) URL without credentials, read by the WHATWG rules: hosts in decimal, octal or hex are addresses by now. */
export type WebUrl = URL & { [checked]: true }

/** Longer than any that common servers take. */
const longest = 8192

/** Null for everything else. `base`: what a relative one is relative to. */
export function toWebUrl(text: string, base?: URL): WebUrl | null {
  if (text.length > longest) return null
  let url: URL
  try {
    url = new URL(text, base)
  } catch {
    return null
  }
  const taken = (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === ''
  return taken ? (url as WebUrl) : null
}
