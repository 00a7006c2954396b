/**
 * Frames of an event stream as they are recorded: data as JSON. Two things are a matter of timing and are put in order: how the chunks of
 * several choices are interleaved, and where a text is split into pieces.
 */
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
  // comments fill a silence
  const said = frames.filter(({ comment }) => comment === undefined)
  for (const { id, event, parsed } of byChoice(said.map((frame) => ({ ...frame, parsed: parse(frame.data) })))) {
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

/** Sorts each run of chunks with one choice by that choice; those of the same choice keep their order. */
function byChoice<T extends { parsed: unknown }>(frames: readonly T[]): T[] {
  const sorted: T[] = []
  let run: T[] = []
  const end = () => {
    const before = run.at(-1)
    run.sort((a, b) => choiceOf(a.parsed)! - choiceOf(b.parsed)!)
    moveBridge(before?.parsed, run.at(-1)?.parsed)
    sorted.push(...run)
    run = []
  }
  for (const frame of frames) {
    if (choiceOf(frame.parsed) !== undefined) run.push(frame)
    else {
      end()
      sorted.push(frame)
    }
  }
  end()
  return sorted
}

/** The chunk that comes last tells of the job, whichever choice it finishes. */
function moveBridge(from: unknown, to: unknown): void {
  if (from === to) return
  const [last, sortedLast] = [from as Json, to as Json]
  if (last['bridge'] === undefined) return
  sortedLast['bridge'] = last['bridge']
  delete last['bridge']
}

function choiceOf(data: unknown): number | undefined {
  const { choices } = Object(data) as { choices?: { index: number }[] }
  return choices?.length === 1 ? choices[0]!.index : undefined
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

function parse(data: string | undefined): unknown {
  if (data === undefined) return undefined
  try {
    return JSON.parse(data) as unknown
  } catch {
    return data
  }
}
