/** A text of the model or the user inside a message: short, on one line, in quotes. */
export function quote(text: string, max = 80): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const characters = [...line.slice(0, max * 2)]
  return `'${characters.length > max || line.length > max * 2 ? `${characters.slice(0, max).join('')}…` : line}'`
}

/** No more errors than a person reads; the rest is counted. */
export function atMost<T extends { message: string }>(errors: T[], max = 20): (T | { message: string })[] {
  if (errors.length <= max) return errors
  return [...errors.slice(0, max), { message: `There are ${errors.length - max} more errors.` }]
}

/** `line 2, column 5`, counted from one. `offset` is an index of the text. */
export function positionAt(text: string, offset: number): string {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`
}
