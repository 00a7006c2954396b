/** W3C Trace Context (level 1, https://www.w3.org/TR/trace-context-1/): which trace a request belongs to, as it travels in headers. */

/** Survives JSON: it is stored with the job. */
export interface TraceContext {
  /** `00-<trace id>-<id of the caller's span>-<flags>`, in lower-case hexadecimal digits */
  traceparent: string
  /** of the tracing systems on the way, as it came */
  tracestate?: string
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
/** printable ASCII: `key=value` in a list */
const state = /^[\x20-\x7e]*=[\x20-\x7e]*$/
/** What has to be passed on at least (section 3.3.1.5). */
const longestState = 512

/** What the headers of a request say; null where there is no `traceparent`, or a bad one. A bad `tracestate` alone is dropped. */
export function traceContextOf(headers: Headers): TraceContext | null {
  const { traceparent: given, tracestate } = headers
  const [, version, trace = '', span = '', flags, more] = typeof given === 'string' ? (form.exec(given) ?? []) : []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null
  if (/^0+$/.test(trace) || /^0+$/.test(span)) return null
  // what a later version says beyond these parts is not known here (section 4.3)
  const traceparent = `00-${trace}-${span}-${flags}`
  const kept = typeof tracestate === 'string' && tracestate.length <= longestState && state.test(tracestate)
  return { traceparent, ...(kept && { tracestate }) }
}

/** 32 hexadecimal digits. */
export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35)
}
