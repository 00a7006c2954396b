/**
 * Lines of the CLI's standard output that are none of its messages: counted for all processes, told once for each kind of a process, and the
 * last of them kept, as a program that cannot do its work may say why there.
 */
import { redact } from '../../redact.js'

/** `text` is no JSON; `broken_json` begins as JSON; `untyped` is JSON without a `type`; `unknown_type` has one that is not known. */
export type OddKind = 'text' | 'broken_json' | 'untyped' | 'unknown_type'

export interface OddLine {
  kind: OddKind
  /** characters of the line */
  length: number
  /** the type that is not known */
  type?: string
  /** the line's beginning, redacted; only of `text`, and only before the process was told anything of a conversation */
  text?: string
}

/** What the CLI writes by itself; most of it is of no use here. */
const knownTypes = new Set([
  'system',
  'assistant',
  'user',
  'result',
  'stream_event',
  'rate_limit_event',
  'control_request',
  'control_response',
  'control_cancel_request',
  'control_request_progress',
  'control_closed',
  'keep_alive',
  'tool_progress',
  'tool_use_summary',
  'auth_status',
  'prompt_suggestion',
  'transcript_mirror',
  'command_lifecycle',
])

const wordsKept = 1024
const textShown = 200

const counts: Record<OddKind, number> = { text: 0, broken_json: 0, untyped: 0, unknown_type: 0 }

/** How many such lines there were of all processes. */
export function oddLineCounts(): Readonly<Record<OddKind, number>> {
  return counts
}

export class OddLines {
  /** the last lines of text, at most 1 KB */
  lastWords = ''
  /** the process has been told words of a conversation, which it may repeat */
  holdsWords = false
  private readonly told = new Set<OddKind>()

  constructor(private readonly report: ((line: OddLine) => void) | undefined) {}

  /** A line that is no message. */
  noMessage(line: string, isJson: boolean): void {
    // the half of a message holds words of a conversation
    if (isJson || /^\s*[{["]/.test(line)) return this.count({ kind: isJson ? 'untyped' : 'broken_json', length: line.length })
    this.lastWords = `${this.lastWords}${line.slice(-wordsKept)}\n`.slice(-wordsKept)
    const text = this.holdsWords ? {} : { text: redact(line.slice(0, textShown)) }
    if (line.trim() !== '') this.count({ kind: 'text', length: line.length, ...text })
  }

  /** A message, of whatever type. */
  message(type: unknown, line: string): void {
    if (typeof type === 'string' && knownTypes.has(type)) return
    // a name of the CLI's own; anything else may be words
    const name = typeof type === 'string' && /^[\w-]{1,64}$/.test(type) ? { type } : {}
    this.count({ kind: 'unknown_type', length: line.length, ...name })
  }

  private count(odd: OddLine): void {
    counts[odd.kind] += 1
    if (this.told.has(odd.kind)) return
    this.told.add(odd.kind)
    this.report?.(odd)
  }
}
