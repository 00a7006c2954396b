/** Reads what a test process has printed. */

/** Begins the comment that says which file the lines after it belong to. */
export const fileMark = 'test file: '

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Assertions of one process, from the last line of totals; zeros where it never got that far. */
export function countsOf(tap: string): Counts {
  const totals = [...tap.matchAll(/^# \{ total: (.*) \}$/gm)].at(-1)?.[1] ?? ''
  const number = (name: string) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(totals)?.[1] ?? 0)
  return { passed: number('pass'), failed: number('fail'), skipped: number('skip') }
}

/** Whether the process wrote its totals: one that was killed, or ended itself, has not. */
export function isWhole(tap: string): boolean {
  return /^# \{ total: .* \}$/m.test(tap)
}

/** The failed assertions with what tap says of them. */
export function failuresOf(tap: string): string[] {
  const found: string[] = []
  for (const match of tap.matchAll(/^( *)not ok .*\n(?:\1  ---\n(?:\1  .*\n|\n)*?\1  \.\.\.\n)?/gm)) {
    // a subtest's own line, the one with a time, repeats what its assertion has said
    if (match[0].includes('  ---') && !/^.* # time=/.test(match[0])) found.push(match[0].trimEnd())
  }
  return found
}

/** The part of a shared process's output that belongs to each file; undefined for a file that was not reached. */
export function partsOf(tap: string, files: readonly string[]): (string | undefined)[] {
  const parts = new Map<string, string>()
  for (const part of tap.split(`# ${fileMark}`).slice(1)) {
    const end = part.indexOf('\n')
    parts.set(part.slice(0, end), part.slice(end + 1))
  }
  return files.map((file) => parts.get(file))
}
