/** Fenced code blocks of Markdown: a run of three or more backticks or tildes, ended by one as long (CommonMark 4.5). */

export interface Block {
  /** first word of the info string, in lower case; '' without one */
  label: string
  code: string
}

const open = /^ {0,3}(`{3,}|~{3,})/
const close = /^ {0,3}(`{3,}|~{3,})[ \t]*$/

/** All blocks of a text in their order. One that is never closed goes to the end, as in CommonMark. */
export function codeBlocks(text: string): Block[] {
  const blocks: Block[] = []
  let fence: string | undefined
  let lines: string[] = []
  let label = ''
  const end = () => {
    blocks.push({ label, code: lines.join('\n') })
    fence = undefined
  }
  for (const line of text.split(/\r?\n/)) {
    if (fence === undefined) {
      const match = open.exec(line)
      const info = match === null ? '`' : line.slice(match[0].length)
      if (match === null || info.includes('`')) continue
      fence = match[1]!
      label = /^[ \t]*([^\s{]*)/.exec(info)![1]!.toLowerCase()
      lines = []
    } else {
      const match = close.exec(line)
      if (match !== null && match[1]![0] === fence[0] && match[1]!.length >= fence.length) end()
      else lines.push(line)
    }
  }
  if (fence !== undefined) end()
  return blocks
}

/** What is inside if the whole text is one closed block with one of the labels or none; else the text. */
export function withoutFence(text: string, labels: readonly string[]): string {
  const trimmed = text.trim()
  const first = /^(`{3,}|~{3,})/.exec(trimmed)
  if (first === null || !trimmed.endsWith(first[1]!)) return trimmed
  const blocks = codeBlocks(trimmed)
  const [block] = blocks
  if (blocks.length !== 1 || block === undefined || !['', ...labels].includes(block.label)) return trimmed
  const closed = trimmed.slice(trimmed.lastIndexOf('\n') + 1).trim()
  return close.test(closed) && trimmed.includes('\n') ? block.code : trimmed
}
