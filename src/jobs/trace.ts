/**
 * What jobs know of tracing: spans, which an implementation of {@link Tracing} makes. Without an endpoint for them every span is one and the same
 * object that does nothing, or passes a client's trace on.
 */
import type { TraceContext } from '../request/trace-context.js'

/** Undefined: the attribute is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface SpanOptions {
  /** `server`: a request that came in; `client`: one that goes out; left out: work inside this process */
  kind?: 'server' | 'client'
  attributes?: Attributes
  /** milliseconds since the epoch; left out: now */
  at?: number | undefined
}

/** A piece of work with a begin and an end. Nothing of it throws. */
export interface Span {
  /** what others are told who are asked in it; null: nothing */
  readonly context: TraceContext | null
  /** whether it is sent anywhere */
  readonly recorded: boolean
  /** One below it. */
  begin(name: string, options?: SpanOptions): Span
  rename(name: string): void
  set(attributes: Attributes): void
  /** Something that happened in it. */
  event(name: string): void
  /** `failure`: a stable code of what went wrong; left out or null: nothing. Only the first call counts. */
  end(failure?: string | null): void
}

export interface Tracing {
  /** whether spans go anywhere */
  readonly on: boolean
  /** One below a span of another server's, or the first of a new trace. */
  begin(parent: TraceContext | null, name: string, options?: SpanOptions): Span
}

class Unrecorded implements Span {
  readonly recorded = false

  constructor(readonly context: TraceContext | null) {}

  begin(): Span {
    return this
  }
  rename(): void {}
  set(): void {}
  event(): void {}
  end(): void {}
}

export const noSpan: Span = new Unrecorded(null)

/** Spans go nowhere; a client's trace is passed on as it came. */
export const noTracing: Tracing = {
  on: false,
  begin: (parent) => (parent === null ? noSpan : new Unrecorded(parent)),
}
