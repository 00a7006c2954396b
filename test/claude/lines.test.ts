import t from 'tap'
import { LineSplitter, LineTooLong } from '../../src/lines.js'

function split(chunks: Iterable<Buffer>, maxBytes?: number): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line), maxBytes)
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return lines
}

/** Pieces of `size` bytes, the last one shorter. */
function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const lines = [
  '{"type":"stream_event","text":"é 漢字 🙂 e\u0301 \u2028 \u{10FFFF}"}',
  '{"escaped":"\\u00e9 \\ud83d\\ude42 \\n \\" \\\\"}',
  '{"empty":""}',
  '"🙂"',
]

await t.test('a stream cut in two at every byte, and in pieces of every small size', async (t) => {
  for (const ending of ['', '\n', '\r\n', '\n\n\n']) {
    const bytes = Buffer.from(lines.join('\n') + ending)
    const expected = ending.startsWith('\r') ? [...lines.slice(0, -1), `${lines.at(-1)}\r`] : lines
    const wrong: string[] = []
    for (let at = 0; at <= bytes.length; at++) {
      const got = split([bytes.subarray(0, at), bytes.subarray(at)])
      if (JSON.stringify(got) !== JSON.stringify(expected)) wrong.push(`cut at ${at}: ${JSON.stringify(got)}`)
    }
    for (let size = 1; size <= 9; size++) {
      const got = split(pieces(bytes, size))
      if (JSON.stringify(got) !== JSON.stringify(expected)) wrong.push(`pieces of ${size}: ${JSON.stringify(got)}`)
    }
    t.strictSame(wrong, [], JSON.stringify(ending))
    for (const line of split([bytes])) t.doesNotThrow(() => JSON.parse(line) as unknown)
  }
})

await t.test('lines of any length', async (t) => {
  for (const size of [65_535, 65_536, 65_537, 1_048_577, 6_000_001]) {
    const long = JSON.stringify({ text: '漢'.repeat(Math.ceil(size / 3)) })
    const bytes = Buffer.from(`${long}\n{"next":1}\n${long}`)
    const got = split(pieces(bytes, 65_536))
    t.equal(got.length, 3, `${size}`)
    t.ok(got[0] === long && got[1] === '{"next":1}' && got[2] === long, `${size} whole`)
  }
})

await t.test('empty lines are left out, the last line needs no end', async (t) => {
  const table: [string[], string[]][] = [
    [[], []],
    [[''], []],
    [['\n', '\n\n'], []],
    [['a'], ['a']],
    [['a\n\nb'], ['a', 'b']],
    [
      ['a', '\n', '\n', 'b', '\n'],
      ['a', 'b'],
    ],
    [[' \n'], [' ']],
  ]
  for (const [chunks, expected] of table) {
    t.strictSame(split(chunks.map((chunk) => Buffer.from(chunk))), expected, JSON.stringify(chunks))
  }
})

await t.test('the bound', async (t) => {
  t.strictSame(split([Buffer.from('12345\n12345\n12345')], 5), ['12345', '12345', '12345'], 'up to it')
  for (const chunks of [['123456'], ['123456\n'], ['1', '23456'], ['12345', '6\n'], ['ok\n123', '456']]) {
    const got: string[] = []
    const splitter = new LineSplitter((line) => got.push(line), 5)
    const feed = () => chunks.forEach((chunk) => splitter.push(Buffer.from(chunk)))
    t.throws(feed, LineTooLong, JSON.stringify(chunks))
    t.throws(() => splitter.push(Buffer.from('7\nmore\n')), LineTooLong, 'nothing after it is a line')
    splitter.end()
    t.strictSame(got, chunks[0]!.startsWith('ok') ? ['ok'] : [], 'and half of it is none either')
  }
})
