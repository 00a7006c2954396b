/** Frames of an event stream as they are recorded: data as JSON, and adjacent pieces of one text joined, as their borders are a matter of timing. */
import type { Frame } from '../helper-sse.js'

export interface RecordedFrame {
  id?: string
  event?: string
  data?: unknown
}

interface Piece {
  /** equal for pieces of the same text */
  of: string
  read(): string
  write(text: string): void
}

export function recordFrames(frames: readonly Frame[]): RecordedFrame[] {
  const recorded: RecordedFrame[] = []
  let last: Piece | undefined
  for (const { comment, id, event, data } of frames) {
    // comments fill a silence
    if (comment !== undefined) continue
    const parsed = data === undefined ? undefined : parse(data)
    const piece = pieceOf(parsed)
    if (piece !== undefined && piece.of === last?.of) {
      last.write(last.read() + piece.read())
      continue
    }
    recorded.push({ ...(id !== undefined && { id }), ...(event !== undefined && { event }), ...(parsed !== undefined && { data: parsed }) })
    last = piece
  }
  return recorded
}

type Json = Record<string, unknown>

/** Undefined for a frame that is no piece of text alone. */
function pieceOf(data: unknown): Piece | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const frame = data as Json & { choices?: { index: number; delta?: Json; finish_reason: unknown }[] }
  const type = String(frame['type'])
  if (type === 'text' || type === 'reasoning') return member(frame, 'text', `${type} ${String(frame['choice'])}`)
  if (/^response\.(output|reasoning_summary)_text\.delta$/.test(type)) return member(frame, 'delta', `${type} ${String(frame['item_id'])}`)
  const [choice] = frame.choices ?? []
  if (choice?.delta === undefined || choice.finish_reason !== null) return undefined
  const [name, ...others] = Object.keys(choice.delta)
  if (others.length > 0 || (name !== 'content' && name !== 'reasoning_content')) return undefined
  return member(choice.delta, name, `${name} ${choice.index}`)
}

function member(owner: Json, name: string, of: string): Piece {
  return { of, read: () => String(owner[name]), write: (text) => void (owner[name] = text) }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown
  } catch {
    return data
  }
}
