import t from 'tap'
import { StopCutter } from '../../src/claude/turn/stop-cutter.js'

/** Feeds the pieces in until a sequence is met; what came out, and whether one was. */
function cut(sequences: readonly string[], pieces: readonly string[]): { text: string; stopped: boolean } {
  const cutter = new StopCutter(sequences)
  let text = ''
  for (const piece of pieces) {
    const step = cutter.push(piece)
    text += step.text
    if (step.stopped) return { text: text + cutter.rest(), stopped: true }
  }
  return { text: text + cutter.rest(), stopped: false }
}

/** Every way to cut a text into one, two or three pieces, and into single code units. */
function* splits(text: string): Generator<string[]> {
  yield [text]
  yield text.split('')
  for (let first = 0; first <= text.length; first++) {
    yield [text.slice(0, first), text.slice(first)]
    for (let second = first; second <= text.length; second++) {
      yield [text.slice(0, first), text.slice(first, second), text.slice(second)]
    }
  }
}

const table: { sequences: string[]; text: string; expected: string; stopped: boolean }[] = [
  { sequences: [], text: 'all of it', expected: 'all of it', stopped: false },
  { sequences: ['END'], text: 'all of it', expected: 'all of it', stopped: false },
  { sequences: ['END'], text: 'one END two', expected: 'one ', stopped: true },
  { sequences: ['END'], text: 'END', expected: '', stopped: true },
  { sequences: ['END'], text: 'one EN', expected: 'one EN', stopped: false },
  { sequences: ['END'], text: 'one ENEND', expected: 'one EN', stopped: true },
  { sequences: ['END'], text: 'ENENENE', expected: 'ENENENE', stopped: false },
  { sequences: ['aab'], text: 'aaaab', expected: 'aa', stopped: true },
  { sequences: ['abab'], text: 'abaabab', expected: 'aba', stopped: true },
  { sequences: ['b', 'c'], text: 'acb', expected: 'a', stopped: true },
  { sequences: ['\n\n'], text: 'a\nb\n\nc', expected: 'a\nb', stopped: true },
  { sequences: ['🙂'], text: 'a🙂b', expected: 'a', stopped: true },
  { sequences: ['.*'], text: 'a.b.*c', expected: 'a.b', stopped: true },
  // the one that is complete first has ended the answer, wherever the others began
  { sequences: ['abcd', 'bc'], text: 'xabcd', expected: 'xa', stopped: true },
  { sequences: ['abc', 'b'], text: 'abc', expected: 'a', stopped: true },
  { sequences: ['bc', 'abc'], text: 'xabc', expected: 'x', stopped: true },
  { sequences: ['a', 'ab'], text: 'xab', expected: 'x', stopped: true },
  { sequences: ['abc', 'abd', 'x', 'cd'], text: 'ababcd', expected: 'ab', stopped: true },
]

await t.test('the same cut however the text arrives', async (t) => {
  for (const { sequences, text, expected, stopped } of table) {
    const wrong = [...splits(text)]
      .map((pieces) => ({ pieces, got: cut(sequences, pieces) }))
      .filter(({ got }) => got.text !== expected || got.stopped !== stopped)
    t.strictSame(wrong, [], `${JSON.stringify(sequences)} in ${JSON.stringify(text)}`)
  }
})

await t.test('no more is held back than can be the beginning of a sequence', async (t) => {
  const cutter = new StopCutter(['</answer>', 'stop'])
  t.strictSame(cutter.push('text <'), { text: 'text ', stopped: false })
  t.strictSame(cutter.push('/b> st'), { text: '</b> ', stopped: false })
  t.strictSame(cutter.push('ar'), { text: 'star', stopped: false })
  t.equal(cutter.rest(), '')
  t.strictSame(cutter.push('s'), { text: '', stopped: false })
  t.equal(cutter.rest(), 's')
  t.equal(cutter.rest(), '', 'given once')
  t.strictSame(cutter.push('top'), { text: 'top', stopped: false }, 'what was given does not count again')
})

await t.test('as long as a text is, whatever the sequences are', async (t) => {
  const length = 100_000
  const cutter = new StopCutter([`${'a'.repeat(length)}b`, `${'ab'.repeat(length)}!`])
  const pieces = Array.from({ length: 20_000 }, () => 'aaaaaaaaaa')
  let text = ''
  for (const piece of pieces) text += cutter.push(piece).text
  t.equal(text.length, 100_000, 'what can no longer be the beginning is passed on')
  t.strictSame(cutter.push('b!'), { text: '', stopped: true })
})

await t.test('the same as a search that knows no shortcuts', async (t) => {
  let seed = 7
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  const word = (most: number) => Array.from({ length: 1 + random(most) }, () => 'ab'[random(2)]).join('')
  for (let round = 0; round < 2000; round++) {
    const sequences = Array.from({ length: 1 + random(4) }, () => word(6))
    const pieces = Array.from({ length: 1 + random(5) }, () => word(5))
    t.strictSame(cut(sequences, pieces), slowly(sequences, pieces.join('')), `${sequences.join()} in ${pieces.join()}`)
  }
})

/** Letter by letter: the first letter that completes a sequence, and of those it completes the longest. */
function slowly(sequences: readonly string[], text: string): { text: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const complete = sequences.filter((sequence) => text.slice(0, end).endsWith(sequence)).map(({ length }) => length)
    if (complete.length > 0) return { text: text.slice(0, end - Math.max(...complete)), stopped: true }
  }
  return { text, stopped: false }
}
