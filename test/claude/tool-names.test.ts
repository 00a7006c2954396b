/** Different names of a client's functions are different tools of the model, whatever the names are. */
import t from 'tap'
import { modelName, toolName } from '../../src/claude/protocol/tool-names.js'

const listOf = (names: readonly string[]) => [...new Set(names)].map((name) => ({ name }))

await t.test('names of any kind stay apart', (t) => {
  const long = 'x'.repeat(60)
  // of the last two the first 32 bits of SHA-256 are the same
  const names = ['look', 'a b', 'a.b', 'a_b', 'größe', 'grö_e', '名前', '名字', long, `${long}y`, `${long}z`, ...twins()]
  // what one becomes may be another's own name
  const tools = listOf([...names, ...names.map((name) => toolName(name)), ...names.map((name) => toolName(name, listOf(names)))])
  const made = tools.map(({ name }) => toolName(name, tools))
  t.equal(new Set(made).size, tools.length)
  for (const { name } of tools) t.match(modelName(name, tools), /^mcp__client__[A-Za-z0-9_-]{1,51}$/)
  const turned = [...tools].reverse()
  t.strictSame(
    tools.map(({ name }) => toolName(name, turned)),
    made,
    'whatever the order',
  )
  t.equal(toolName('look', tools), 'look')
  t.equal(toolName('not.offered', tools), toolName('not.offered'))
  t.end()
})

/** Two names with one hash, found by looking. */
function twins(): [string, string] {
  const seen = new Map<string, string>()
  for (let index = 0; ; index++) {
    const name = `${'t'.repeat(60)} ${index}`
    const made = toolName(name)
    const other = seen.get(made)
    if (other !== undefined) return [other, name]
    seen.set(made, name)
  }
}
