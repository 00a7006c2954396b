export interface DataUrl {
  /** in small letters, without parameters; empty where none is named */
  type: string
  /** whether `data` is base64; else it is percent-encoded */
  base64: boolean
  data: string
}

/** The parts of a `data:` URL (RFC 2397); null for another URL. One that has no comma has no data. */
export function splitDataUrl(url: string): DataUrl | null {
  if (!/^data:/i.test(url)) return null
  const comma = url.indexOf(',')
  // the part before the comma is short in every honest URL
  const head = url.slice(5, comma < 0 ? 5 : Math.min(comma, 200)).toLowerCase()
  const [type = '', ...parameters] = head.split(';').map((word) => word.trim())
  return { type, base64: parameters.at(-1) === 'base64', data: comma < 0 ? '' : url.slice(comma + 1) }
}
