/** One token is one whitespace-separated word: wrong, but countable by hand in a test. */
import { blocksOf, type MessagesRequest, type RequestBlock } from './request.js'

/** Splits a text into words that keep the white space before them; joined they are the text again. */
export function splitWords(text: string): string[] {
  const words = text.match(/\s*\S+/g) ?? []
  const rest = text.slice(words.reduce((length, word) => length + word.length, 0))
  if (rest === '') return words
  const last = words.pop() ?? ''
  return [...words, last + rest]
}

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

/** The tokens of a request: its system prompt, messages and tools; an image is 1000. */
export function countInput(body: MessagesRequest): number {
  const messages = body.messages ?? []
  const tools = (body.tools ?? []).reduce((sum, tool) => sum + countWords(JSON.stringify(tool).replace(/[",:{}]+/g, ' ')), 0)
  const said = messages.reduce((sum, message) => sum + countBlocks(blocksOf(message.content)) + 1, 0)
  return countBlocks(blocksOf(body.system)) + said + tools
}

function countBlocks(blocks: readonly RequestBlock[]): number {
  return blocks.reduce((sum, block) => {
    if (block.type === 'image') return sum + 1000
    const text = block.text ?? (typeof block['thinking'] === 'string' ? block['thinking'] : '')
    const input = block.input === undefined ? 0 : countWords(JSON.stringify(block.input)) + 1
    return sum + countWords(text) + input + countBlocks(blocksOf(block.content))
  }, 0)
}
