/** The text of a custom tool's call, taken out of JSON that comes in pieces. */
import t from 'tap'
import { createInputReader, inputOf } from '../../src/openai/out/custom-input.js'

function inPieces(json: string, size: number): { text: string; pieces: number } {
  const reader = createInputReader()
  const said: string[] = []
  for (let at = 0; at < json.length; at += size) said.push(reader.add(json.slice(at, at + size)))
  said.push(reader.end())
  return { text: said.join(''), pieces: said.filter((piece) => piece !== '').length }
}

await t.test('the argument `input`, wherever the pieces are cut', async (t) => {
  for (const text of ['', 'plain', '*** Begin "Patch"\n\t+a\\b/\u0007é🙂\ud800', 'x'.repeat(500)]) {
    for (const json of [
      JSON.stringify({ input: text }),
      JSON.stringify({ input: text }, null, 2),
      ` {"input":${JSON.stringify(text)},"more":1}`,
    ]) {
      for (const size of [1, 2, 3, 7, 1000]) t.equal(inPieces(json, size).text, text)
      t.equal(inputOf(json), text)
    }
  }
  t.equal(inPieces('{"input":"\\ud83d\\ude42\\u00e9"}', 1).text, '🙂é')
  t.ok(inPieces(JSON.stringify({ input: 'x'.repeat(100) }), 10).pieces > 5, 'it does not wait for the end')
})

await t.test('arguments of another form', async (t) => {
  for (const [json, text] of [
    ['', ''],
    ['{}', ''],
    ['{"patch":"p"}', 'p'],
    ['{"why":"w","input":"i"}', 'i'],
    ['"alone"', 'alone'],
    ['{"input":{"a":1}}', '{"input":{"a":1}}'],
    ['no JSON', 'no JSON'],
    ['{"inp', ''],
    ['{"input":"cut off \\u00', 'cut off '],
  ] as const) {
    t.equal(inputOf(json), text, json)
    t.equal(inPieces(json, 1).text, text, json)
  }
})
