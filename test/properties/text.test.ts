/** What reads text in pieces says the same of any pieces. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { StopCutter } from '../../src/claude/turn/stop-cutter.js'
import { JsonScan } from '../../src/http/json-scan.js'
import { LineSplitter } from '../../src/lines.js'
import { type Piece, BodyParser } from '../../src/upstreams/body-parser.js'
import { anyPlaces, anyText, holds, piecesOf } from './holds.js'

await t.test('lines, at every split', (t) => {
  const lines = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '')))
  const ends = fc.constantFrom('\n', '')
  holds(t, 'the lines that were written, without empty ones', fc.tuple(lines, ends, anyPlaces), ([lines, end, places]) => {
    const read: string[] = []
    const splitter = new LineSplitter((line) => read.push(line))
    for (const piece of piecesOf(Buffer.from(lines.join('\n') + end), places)) splitter.push(piece)
    splitter.end()
    return isDeepStrictEqual(
      read,
      lines.filter((line) => line !== ''),
    )
  })
  t.end()
})

await t.test('stop sequences', (t) => {
  // few letters, so that sequences are met, begin within each other and lie across pieces
  const letters = (maxLength: number, minLength = 0) => fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength, maxLength })
  const values = fc.tuple(letters(40), fc.array(letters(5, 1), { minLength: 1, maxLength: 4 }), anyPlaces)
  holds(
    t,
    'the text before the sequence that is complete first',
    values,
    ([text, sequences, places]) => {
      const ends = sequences.flatMap((sequence) => {
        const at = text.indexOf(sequence)
        return at < 0 ? [] : [{ at, end: at + sequence.length }]
      })
      const first = Math.min(...ends.map(({ end }) => end))
      const cut = Math.min(...ends.filter(({ end }) => end === first).map(({ at }) => at))
      const cutter = new StopCutter(sequences)
      let told = ''
      let stopped = false
      for (const piece of piecesOf(text, places)) {
        if (stopped) break
        const taken = cutter.push(piece)
        told += taken.text
        stopped = taken.stopped
      }
      if (!stopped) told += cutter.rest()
      return stopped === ends.length > 0 && told === (stopped ? text.slice(0, cut) : text)
    },
    2000,
  )
  t.end()
})

await t.test('the scan of JSON', (t) => {
  holds(
    t,
    'the depth, the values, the members and the names that the parsed value has',
    fc.tuple(fc.json({ maxDepth: 5 }), anyPlaces),
    ([text, places]) => {
      const found = measure(JSON.parse(text))
      const scan = (limits: Partial<typeof found>) => {
        const scanner = new JsonScan({ depth: 99, values: 1e6, members: 1e6, names: 1e6, ...limits })
        for (const piece of piecesOf(Buffer.from(text), places)) {
          const excess = scanner.push(piece)
          if (excess !== null) return excess
        }
        return null
      }
      if (scan(found) !== null) throw new Error('its own size is too large')
      return (['depth', 'names'] as const).every((name) => found[name] === 0 || scan({ [name]: found[name] - 1 }) === name)
    },
  )
  t.end()
})

/** `values` and `members` as bounds that are never passed: the scan counts commas. */
function measure(value: unknown): { depth: number; values: number; members: number; names: number } {
  const names = new Set<string>()
  let values = 1
  let members = 1
  const depthOf = (value: unknown): number => {
    values += 2
    if (typeof value !== 'object' || value === null) return 0
    if (!Array.isArray(value)) {
      for (const name of Object.keys(value)) names.add(name)
      members = Math.max(members, Object.keys(value).length + 1)
    }
    return 1 + Math.max(0, ...Object.values(value).map(depthOf))
  }
  const depth = depthOf(value)
  return { depth, values, members, names: names.size }
}

await t.test('the answer of a provider', (t) => {
  const value = fc.dictionary(fc.string(), fc.oneof(anyText, fc.integer(), fc.constant(null)))
  const end = fc.constantFrom('\n\n', '\r\n\r\n', '\r\r')
  const comment = fc.constantFrom('', ': ping\n', 'event: message\n', 'id: 7\n')
  holds(
    t,
    'the values of its events',
    fc.tuple(fc.array(fc.tuple(comment, value, end)), fc.boolean(), anyPlaces),
    ([events, done, places]) => {
      const frames = events.map(([before, value, end]) => `${before}data: ${JSON.stringify(value)}${end}`)
      const text = `${frames.join('')}${done ? 'data: [DONE]\n\n' : ''}`
      const parser = new BodyParser('acme')
      const read: Piece[] = piecesOf(Buffer.from(text), places).flatMap((piece) => parser.feed(piece))
      if (text !== '') read.push(...parser.end())
      const wanted: Piece[] = events.map(([, value]) => ({ value: JSON.parse(JSON.stringify(value)) as unknown }))
      return isDeepStrictEqual(read, done ? [...wanted, 'done'] : wanted)
    },
  )
  t.end()
})
