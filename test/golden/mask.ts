/** Replaces what differs from run to run: ids, times, durations, ports and folders. What is equal stays recognisable as equal. */
import os from 'node:os'
import path from 'node:path'

/** Members whose numbers are times, durations or depend on the machine. */
const timed = /^(created|at|.*_at|.*_ms|timestamp|uptime_s|uptime|rss_bytes|heap_bytes|last_activity|retry_after|total_cost_usd)$/

const prefixes = 'task|resp|msg|rs|fc|fco|req|toolu|srvtoolu|call|file'
const id = new RegExp(`\\b(${prefixes})_([A-Za-z0-9]{20,40})(?![A-Za-z0-9])|\\bchatcmpl-([A-Za-z0-9]{20,40})(?![A-Za-z0-9])`, 'g')
const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g
const isoTime = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
const hex = /\b[0-9a-f]{64}\b/g
const root = path.join(import.meta.dirname, '../../..')
const folders = new RegExp(`${escape(os.tmpdir())}/(bridge|claude)-[\\w.-]+(/[\\w-]{6,}(?=["/\\s]|$))?`, 'g')

/** One mask for each exchange: the first id it meets becomes `<1>`, the next `<2>`, and each of them the same wherever it stands. */
export class Mask {
  private readonly seen = new Map<string, string>()

  /** A deep copy of JSON with its strings and timed numbers masked. */
  value<T>(value: T): T {
    return this.walk('', value) as T
  }

  text(text: string): string {
    return text
      .replace(isoTime, '<time>')
      .replace(id, (_whole, prefix: string | undefined, word: string | undefined, completion: string | undefined) =>
        prefix === undefined ? `chatcmpl-${this.name(completion!)}` : `${prefix}_${this.name(word!)}`,
      )
      .replace(uuid, (found) => this.name(found))
      .replace(hex, '<hash>')
      .replaceAll(root, '<root>')
      .replace(folders, '<folder>')
      .replace(/\b(127\.0\.0\.1|localhost):\d{4,5}\b/g, '$1:<port>')
      .replace(/(?<=[Dd]ate(?: is|:)? )\d{4}-\d\d-\d\d/g, '<date>')
  }

  private walk(key: string, value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number') return timed.test(key) ? '<time>' : value
    if (Array.isArray(value)) return value.map((item) => this.walk('', item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(justBegun(value)).map(([name, member]) => [this.text(name), this.walk(name, member)]))
  }

  private name(word: string): string {
    if (!this.seen.has(word)) this.seen.set(word, `<${this.seen.size + 1}>`)
    return this.seen.get(word)!
  }
}

/** A job begins while its record is put on the disk, so that the answer to who asked may tell of its first steps or not. */
function justBegun(value: object): object {
  const { progress, sequence_number: last } = value as { progress?: { phase?: unknown } | null; sequence_number?: number }
  if ((progress?.phase !== 'starting' && progress?.phase !== 'waiting') || last === undefined || last > 3) return value
  return { ...value, progress: { ...progress, phase: '<begun>' }, sequence_number: '<number>' }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
