/**
 * A tool's description in the spelling that reaches the model whole. With `--bare` the CLI cuts a description at its first empty line:
 * at two line feeds with nothing between them. A line that holds a space is not empty to it, so each empty line gets one.
 */

/** Characters that the CLI takes out of a description before it looks for an empty line: format, private use, unassigned, lone surrogates. */
const removed = '[\\p{Cf}\\p{Co}\\p{Cn}\\p{Cs}]'
const emptyLine = new RegExp(`\\n(?=${removed}*\\n)`, 'gu')

/** One space more for each empty line; no other character changes. */
export function wholeDescription(description: string): string {
  return description.replace(emptyLine, '\n ')
}
