/** What a command writes: results on standard output, all else on standard error, and what a terminal gets beyond that. */
import { styleText } from 'node:util'
import { exits } from './exits.js'

/** Writes a piece of a result. On a terminal it cannot be a control sequence: a model or another client has written it. */
export function say(text: string): void {
  process.stdout.write(process.stdout.isTTY ? withoutControls(text) : text)
}

export function sayLine(text: string): void {
  say(`${text}\n`)
}

export function sayJson(value: unknown): void {
  sayLine(JSON.stringify(value))
}

/** One line on standard error. */
export function note(text: string): void {
  process.stderr.write(`${oneLine(text)}\n`)
}

/** The one line of an error. */
export function noteError(name: string, text: string): void {
  process.stderr.write(`${red(`${name}:`)} ${oneLine(text)}\n`)
}

/** Without what moves the cursor or changes the terminal: control characters but for tab and line feed. */
export function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, '')
}

function oneLine(text: string): string {
  return withoutControls(text.replace(/\s*\n\s*/g, ' ').trim())
}

function red(text: string): string {
  return hasColours(process.stderr) ? styleText('red', text, { validateStream: false }) : text
}

/** https://no-color.org: set and not empty means none. */
function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
}

/** One line that is written over, on a terminal only. It is gone before anything else is written. */
export class Progress {
  private shown = ''
  private readonly can = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb'

  show(text: string): void {
    if (!this.can || text === this.shown) return
    const width = Math.max(10, (process.stderr.columns || 80) - 1)
    process.stderr.write(`\r\x1b[K${oneLine(text).slice(0, width)}`)
    this.shown = text
  }

  clear(): void {
    if (this.shown !== '') process.stderr.write('\r\x1b[K')
    this.shown = ''
  }
}

/** Who reads the output may leave early, as `head` does: the command ends without a word, as a SIGPIPE would end it. */
export function endQuietlyOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(exits.brokenPipe)
      throw error
    })
  }
}

/** Rows of texts in columns; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
