import t from 'tap'
import { toAlias, toReal } from '../../mcp/job/aliases.js'

const real = '/tmp/claude-bridge-1/job-2/work'
const aliases = ['/tmp', '/var/tmp-of-the-system']

await t.test('paths of calls are led into the folder', async (t) => {
  const cases: [args: Record<string, unknown>, gives: Record<string, unknown>][] = [
    [{ path: '/tmp/a.txt' }, { path: `${real}/a.txt` }],
    [{ path: '/tmp' }, { path: real }],
    [{ path: '/tmp/' }, { path: `${real}/` }],
    [{ path: '/tmp/../etc/passwd' }, { path: '/tmp/../etc/passwd' }],
    [{ path: '/tmp/a/../../etc' }, { path: '/tmp/a/../../etc' }],
    [{ path: '/tmpx/a' }, { path: '/tmpx/a' }],
    [{ path: 'a.txt' }, { path: 'a.txt' }],
    [{ path: `${real}/a.txt` }, { path: `${real}/a.txt` }],
    [{ path: '/tmp/claude-bridge-1/job-3/work/a' }, { path: `${real}/claude-bridge-1/job-3/work/a` }],
    [{ paths: ['/tmp/a', '/etc/b', 7] }, { paths: [`${real}/a`, '/etc/b', 7] }],
    [
      { source: '/tmp/a', destination: '/var/tmp-of-the-system/b' },
      { source: `${real}/a`, destination: `${real}/b` },
    ],
    [
      { content: '/tmp/a', path: 7 },
      { content: '/tmp/a', path: 7 },
    ],
  ]
  for (const [args, gives] of cases) t.strictSame(toReal(args, aliases, real), gives, JSON.stringify(args))
})

await t.test('results speak of the alias', async (t) => {
  const result = { content: [{ type: 'text', text: `wrote ${real}/a and ${real}/b` }], isError: false, n: [1, null] }
  t.strictSame(toAlias(result, '/tmp', real), {
    content: [{ type: 'text', text: 'wrote /tmp/a and /tmp/b' }],
    isError: false,
    n: [1, null],
  })
})
