/** Syntax errors by the grammars of Tree-sitter, as VS Code ships them: WebAssembly in the package, nothing is downloaded. */
import { createRequire } from 'node:module'
import type * as TreeSitter from '@vscode/tree-sitter-wasm'
import type { Node, Parser } from '@vscode/tree-sitter-wasm'
import type { CheckError } from '../../schema/words.js'
import { quote } from '../text.js'

const require = createRequire(import.meta.url)
let parser: Promise<Parser> | undefined
const grammars = new Map<string, unknown>()

/** Loaded when it is first needed, and only in the thread that runs checks. */
async function load() {
  const { default: library } = (await import('@vscode/tree-sitter-wasm')) as unknown as { default: typeof TreeSitter }
  parser ??= library.Parser.init().then(() => new library.Parser())
  return { Language: library.Language, parser: await parser }
}

/** The first few errors of a source text; `grammar` is the name of a file of the package. */
export async function syntaxErrors(grammar: string, source: string): Promise<CheckError[]> {
  const { Language, parser } = await load()
  const path = require.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammar}.wasm`)
  const language = grammars.get(grammar) ?? (await Language.load(path))
  grammars.set(grammar, language)
  parser.setLanguage(language as Parameters<Parser['setLanguage']>[0])
  const tree = parser.parse(source)
  if (tree === null) throw new Error('the parser gave up')
  try {
    return [...badNodes(tree.rootNode)].slice(0, 5).map(inWords)
  } finally {
    tree.delete()
  }
}

function* badNodes(root: Node): Generator<Node> {
  const open = root.hasError ? [root] : []
  while (open.length > 0) {
    const node = open.pop()!
    if (node.isError || node.isMissing) yield node
    else if (node.hasError) for (const child of node.children.toReversed()) if (child !== null) open.push(child)
  }
  // the grammar of Python lets a block be empty, Python does not
  if (root.tree.language.name !== 'python') return
  for (const block of root.descendantsOfType('block')) if (block?.namedChildCount === 0) yield block
}

function inWords(node: Node): CheckError {
  const { row, column } = node.startPosition
  const path = `line ${row + 1}, column ${column + 1}`
  if (node.isMissing) {
    const what = quote(node.type)
    return { message: `Syntax error at ${path}: ${what} is missing.`, mend: `Add ${what} there.`, path }
  }
  if (!node.isError) return { message: `Syntax error at ${path}: an indented block is missing.`, mend: 'Indent the block.', path }
  return { message: `Syntax error at ${path}, near ${quote(node.text, 40)}.`, mend: 'Correct the syntax there.', path }
}
