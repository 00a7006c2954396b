import { codeBlocks } from '../read/fences.js'

/**
 * The sources of an answer in a language, by its names. Fenced blocks with one of its labels; if there are none, blocks without a
 * label; if the answer has no blocks at all, the answer itself, unless a block is required.
 */
export function sourcesOf(content: string, names: readonly string[], blockRequired: boolean): string[] {
  const blocks = codeBlocks(content)
  if (blocks.length === 0) return blockRequired || content.trim() === '' ? [] : [content]
  const labelled = blocks.filter(({ label }) => names.includes(label))
  return (labelled.length > 0 ? labelled : blocks.filter(({ label }) => label === '')).map(({ code }) => code)
}
