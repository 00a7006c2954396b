import t from 'tap'
import { wholeDescription } from '../../mcp/job/whole-description.js'

await t.test('each empty line gets a space, and nothing else changes', async (t) => {
  const table: [given: string, spelled: string][] = [
    ['', ''],
    ['one\ntwo', 'one\ntwo'],
    ['one\n\ntwo', 'one\n \ntwo'],
    ['one\n\n\n\ntwo', 'one\n \n \n \ntwo'],
    ['\n\none', '\n \none'],
    ['one\n\n', 'one\n \n'],
    // lines of blanks are no empty lines to the CLI
    ['one\n \t\ntwo', 'one\n \t\ntwo'],
    ['one\r\n\r\ntwo', 'one\r\n\r\ntwo'],
    ['one\r\n\n\ttwo', 'one\r\n \n\ttwo'],
    // the CLI takes these characters out first
    ['one\n\u200b\ufeff\ntwo', 'one\n \u200b\ufeff\ntwo'],
    ['one\n\ud800\ntwo', 'one\n \ud800\ntwo'],
    ['one\n\u{e0041}\n\ntwo', 'one\n \u{e0041}\n \ntwo'],
  ]
  for (const [given, spelled] of table) t.equal(wholeDescription(given), spelled, JSON.stringify(given))
})

await t.test('the time grows with the length, not with its square', async (t) => {
  const started = performance.now()
  for (const hostile of ['\n', '\n\u200b', '\u200b'].map((piece) => piece.repeat(1_000_000))) wholeDescription(hostile)
  wholeDescription(`\n${'\u200b'.repeat(1_000_000)}x`)
  t.ok(performance.now() - started < 10_000)
})
