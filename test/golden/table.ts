/** The table route x way x ending, made from the recorded exchanges; an empty cell gets its reason. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Exchange, folder, readAll } from './files.js'
import { notProvoked, reasonFor } from './reasons.js'

const file = path.join(folder, 'TABLE.md')

/**
 * A row for each route and way, a column for each ending; a cell is the number of its exchanges, or the letter of the reason why it has none.
 */
export function tableOf(exchanges: readonly Exchange[]): string {
  const rows = unique(exchanges.map(({ cell: [route, way] }) => `${route} | ${way}`))
  const endings = unique(exchanges.map(({ cell }) => cell[2]))
  const counts = new Map<string, number>()
  for (const { cell } of exchanges) counts.set(cell.join(' | '), (counts.get(cell.join(' | ')) ?? 0) + 1)
  const letters = new Map<string, string>()
  const cellOf = (row: string, ending: string): string => {
    const count = counts.get(`${row} | ${ending}`)
    if (count !== undefined) return String(count)
    const [route = '', way = ''] = row.split(' | ')
    const reason = reasonFor(route, way, ending)
    if (!letters.has(reason)) letters.set(reason, String.fromCharCode('a'.charCodeAt(0) + letters.size))
    return letters.get(reason)!
  }
  const label = Math.max(...rows.map((row) => row.length))
  const line = (name: string, cells: string[]) => `${name.padEnd(label)} ${cells.map((cell) => cell.padStart(3)).join('')}`
  const matrix = [
    line(
      'route | way',
      endings.map((_, index) => String(index + 1)),
    ),
    ...rows.map((row) =>
      line(
        row,
        endings.map((ending) => cellOf(row, ending)),
      ),
    ),
  ]
  return [
    ...['# Recorded exchanges', '', `${exchanges.length} exchanges, by route, way and ending (the number of its column).`, ''],
    ...['```', ...matrix, '```', '', '## Endings', ''],
    ...endings.map((ending, index) => `${index + 1}. ${ending}`),
    ...['', '## Why a cell is empty', ''],
    ...[...letters].map(([reason, letter]) => `- ${letter}: ${reason}`),
    ...['', '## Codes that no exchange shows', ''],
    ...Object.entries(notProvoked).map(([code, why]) => `- \`${code}\`: ${why}`),
    '',
  ].join('\n')
}

export function writeTable(): string {
  const table = tableOf(readAll())
  writeFileSync(file, table)
  return table
}

export function readTable(): string {
  return readFileSync(file, 'utf8')
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)].sort()
}
