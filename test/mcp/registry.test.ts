import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { expand, expandAll } from '../../mcp/job/expand.js'
import { BadRegistry, loadRules, originOf, parseRegistry } from '../../mcp/job/registry.js'
import { ConfigError, readConfig } from '../../src/config.js'

const root = path.resolve(import.meta.dirname, '../../..')

await t.test('the registry that comes with the project', async (t) => {
  const { registry, origins, filledIn, allowAny } = readConfig({}).mcp.rules
  t.strictSame([...registry.keys()], ['filesystem', 'bridge'])
  t.strictSame([...origins], [], 'the address of the bridge itself lets no request reach another path')
  t.strictSame([...filledIn], [['http://127.0.0.1:3010/mcp', 'bridge']])
  t.equal(allowAny, false)
  t.equal(readConfig({ MCP_ALLOW: 'any' }).mcp.rules.allowAny, true)
  t.strictSame(
    [...loadRules(path.join(root, '.mcp.json'), true, false, { CLAUDE_BRIDGE_URL: 'https://b.test/mcp' }).filledIn],
    [['https://b.test/mcp', 'bridge']],
  )
})

await t.test('entries of every kind', async (t) => {
  const servers = {
    a: { command: 'node', args: ['x.js'], env: { KEY: '${KEY}' } },
    b: { type: 'stdio', command: 'x', autoApprove: ['y'], timeout: 5 },
    c: { url: 'http://h/mcp' },
    d: { type: 'streamable-http', url: 'http://h/mcp', headers: { Authorization: 'Bearer ${T:-none}' } },
    e: { type: 'sse', url: 'http://h/sse', allowedTools: ['one'], disabledTools: ['two'] },
    f: { command: 'x', disabled: true },
  }
  const registry = parseRegistry(JSON.stringify({ mcpServers: servers }), 'x')
  t.strictSame(
    [...registry],
    [
      ['a', { server: { command: 'node', args: ['x.js'], env: { KEY: '${KEY}' }, type: 'stdio' }, disabledTools: [] }],
      ['b', { server: { type: 'stdio', command: 'x', timeout: 5000 }, disabledTools: [] }],
      ['c', { server: { url: 'http://h/mcp', type: 'http' }, disabledTools: [] }],
      ['d', { server: { url: 'http://h/mcp', headers: { Authorization: 'Bearer ${T:-none}' }, type: 'http' }, disabledTools: [] }],
      ['e', { server: { url: 'http://h/sse', type: 'sse' }, disabledTools: ['two'], allowedTools: ['one'] }],
    ],
  )
})

await t.test('a bad file ends the start with one line and no secret', async (t) => {
  const bad: [text: string, says: RegExp][] = [
    ['{"mcpServers": s3cret', /no JSON/],
    ['[]', /expected/],
    ['{}', /expected/],
    ['{"mcpServers": []}', /expected/],
    ['{"mcpServers": {"a b": {"command": "x"}}}', /"a b" cannot be the name/],
    ['{"mcpServers": {"a__b": {"command": "x"}}}', /cannot be the name/],
    ['{"mcpServers": {"client": {"command": "x"}}}', /cannot be the name/],
    ['{"mcpServers": {"__proto__": {"command": "x"}}}', /cannot be the name/],
    ['{"mcpServers": {"a": {}}}', /mcpServers\.a\.command/],
    ['{"mcpServers": {"a": "s3cret"}}', /mcpServers\.a: expected an object/],
    ['{"mcpServers": {"a": {"command": ""}}}', /mcpServers\.a\.command/],
    ['{"mcpServers": {"a": {"command": "x", "args": "s3cret"}}}', /mcpServers\.a\.args/],
    ['{"mcpServers": {"a": {"command": "x", "env": {"A B": "s3cret"}}}}', /mcpServers\.a\.env/],
    ['{"mcpServers": {"a": {"url": "x", "headers": {"A": "s3cret\\r\\nB: c"}}}}', /mcpServers\.a\.headers\.A/],
    ['{"mcpServers": {"a": {"command": "x", "disabled": "yes"}}}', /mcpServers\.a\.disabled/],
  ]
  const folder = mkdtempSync(path.join(os.tmpdir(), 'registry-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [text, says] of bad) {
    t.throws(() => parseRegistry(text, '/x/.mcp.json'), BadRegistry, text)
    const file = path.join(folder, 'mcp.json')
    writeFileSync(file, text)
    try {
      readConfig({ MCP_CONFIG: file })
      t.fail(`${text} is accepted`)
    } catch (error) {
      t.ok(error instanceof ConfigError)
      const { message } = error as Error
      t.match(message, /^MCP_CONFIG: mcp\.json: /)
      t.match(message, says, message)
      t.notMatch(message, /s3cret|\n/)
    }
  }
  t.throws(() => readConfig({ MCP_CONFIG: path.join(folder, 'none.json') }), { message: 'MCP_CONFIG: none.json cannot be read (ENOENT)' })
  t.throws(() => readConfig({ MCP_CONFIG: folder }), { name: 'ConfigError' })
  t.equal(loadRules(path.join(folder, 'none.json'), false, false, {}).registry.size, 0, 'one that nobody named may be absent')
})

await t.test('${VAR} and ${VAR:-default}', async (t) => {
  const variables = { A: 'a', EMPTY: '', URL: 'http://x/${A}' }
  const cases: [text: string, gives: string][] = [
    ['${A}', 'a'],
    ['x${A}y${A}', 'xaya'],
    ['${NONE}', '${NONE}'],
    ['${NONE:-d}', 'd'],
    ['${NONE:-}', ''],
    ['${EMPTY:-d}', 'd'],
    ['${A:-d}', 'a'],
    ['${URL}', 'http://x/${A}'],
    ['$A ${A', '$A ${A'],
    ['${constructor}', '${constructor}'],
    ['${__proto__:-p}', 'p'],
  ]
  for (const [text, gives] of cases) t.equal(expand(text, variables), gives, text)
  t.strictSame(expandAll({ a: ['${A}', 1, null], b: { c: '${A}' } }, variables), { a: ['a', 1, null], b: { c: 'a' } })
})

await t.test('origins', async (t) => {
  const cases: [url: string, gives: string | null][] = [
    ['http://h/x', 'http://h'],
    ['https://H:443/x', 'https://h'],
    ['http://h:8080', 'http://h:8080'],
    ['http://user:pw@h/', null],
    ['file:///etc/passwd', null],
    ['ftp://h/', null],
    ['h/x', null],
    ['', null],
  ]
  for (const [url, gives] of cases) t.equal(originOf(url), gives, url)
})
