import t from 'tap'
import { redact } from '../../src/redact.js'

await t.test('what is the host’s business is taken out, the rest stays', async (t) => {
  const table: [string, string][] = [
    ['', ''],
    ['Overloaded', 'Overloaded'],
    ['  words \n', 'words'],
    ['no such file /home/user/.claude/settings.json here', 'no such file <path> here'],
    ["open '/var/lib/x'", "open '<path>'"],
    ['(/a/b:12:3)', '(<path>:12:3)'],
    ['connect ECONNREFUSED 127.0.0.1:8443', 'connect ECONNREFUSED <address>'],
    ['10.0.0.1 and 192.168.1.20', '<address> and <address>'],
    ['key sk-ant-api03-AbC_dEf-123456789 is bad', 'key sk-… is bad'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer …'],
    ['Error: x\n    at f (/a/b.js:1:2)\n    at async g (node:internal/x:1:1)\nafter', 'Error: x\nafter'],
    ['see https://example.com/docs/errors for more', 'see https://example.com/docs/errors for more'],
    ['either/or, 1/2/3, and/or', 'either/or, 1/2/3, and/or'],
    ['rate_limit token auth 429', 'rate_limit token auth 429'],
    ['max_tokens: 5 > 4, model claude-opus-5-5', 'max_tokens: 5 > 4, model claude-opus-5-5'],
  ]
  for (const [text, expected] of table) t.equal(redact(text), expected, JSON.stringify(text))
  t.equal(redact('word '.repeat(10_000)).length, 2000, 'bounded')
})

await t.test('long and hostile texts take no time', async (t) => {
  const table = ['/a'.repeat(100_000), '/'.repeat(100_000), 'sk-'.repeat(50_000), '\n'.repeat(100_000), ' at '.repeat(50_000)]
  for (const text of [
    ...table,
    '1.'.repeat(50_000),
    'job_'.repeat(50_000),
    'job_ '.repeat(50_000),
    `Bearer${' '.repeat(100_000)}`,
    '    '.repeat(25_000),
  ]) {
    const from = performance.now()
    redact(text)
    // far below what anything quadratic would take
    t.ok(performance.now() - from < 3000, JSON.stringify(text.slice(0, 8)))
  }
})
