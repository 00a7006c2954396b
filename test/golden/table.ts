/** The table route x way x ending, made from the recorded exchanges; an empty cell gets its reason. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Exchange, folder, readAll } from './files.js'
import { notProvoked, reasonFor } from './reasons.js'

const file = path.join(folder, 'TABLE.md')

/** Rows are routes and ways; a cell is the number of its exchanges, or the letter of a reason. */
export function tableOf(exchanges: readonly Exchange[]): string {
  const rows = unique(exchanges.map(({ cell: [route, way] }) => `${route} | ${way}`))
  const endings = unique(exchanges.map(({ cell }) => cell[2]))
  const counts = new Map<string, number>()
  for (const { cell } of exchanges) counts.set(cell.join(' | '), (counts.get(cell.join(' | ')) ?? 0) + 1)
  const lines = endings.flatMap((ending) => {
    const used = rows.filter((row) => counts.has(`${row} | ${ending}`))
    const empty = new Map<string, string[]>()
    for (const row of rows.filter((one) => !used.includes(one))) {
      const [route = '', way = ''] = row.split(' | ')
      const reason = reasonFor(route, way, ending)
      empty.set(reason, [...(empty.get(reason) ?? []), `${route} (${way})`])
    }
    return [
      `## ${ending}`,
      '',
      '| route | way | exchanges |',
      '|---|---|---|',
      ...used.map((row) => `| ${row} | ${counts.get(`${row} | ${ending}`)} |`),
      '',
      ...[...empty].map(([reason, cells]) => `Empty, ${reason}: ${cells.join(', ')}.`),
      '',
    ]
  })
  const codes = ['## Codes that no exchange shows', '', ...Object.entries(notProvoked).map(([code, why]) => `- \`${code}\`: ${why}.`), '']
  return ['# Recorded exchanges', '', `${exchanges.length} exchanges.`, '', ...lines, ...codes].join('\n')
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
