/** The recorded exchanges: one file of JSON a group, one exchange after the other by name. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'

export interface Exchange {
  name: string
  cell: readonly [route: string, way: string, ending: string]
  request: unknown
  status: number
  headers: Record<string, string>
  body?: unknown
  frames?: unknown
  /** bodies that reached the model or the provider */
  model?: unknown
  /** calls of webhooks */
  webhooks?: unknown
}

/** The sources' own folder: compiled code lies below `dist`. */
export const folder = path.join(import.meta.dirname, '../../../test/golden')
const recorded = path.join(folder, 'recorded')

export const isRecording = process.env['GOLDEN'] === 'record'

export function settle(t: Test, group: string, exchanges: readonly Exchange[]): void {
  const sorted = [...exchanges].sort((a, b) => (a.name < b.name ? -1 : 1))
  // as JSON has it: without members that are undefined
  const plain = JSON.parse(JSON.stringify(sorted)) as Exchange[]
  if (isRecording) {
    mkdirSync(recorded, { recursive: true })
    writeFileSync(path.join(recorded, `${group}.json`), `${JSON.stringify(plain, null, 1)}\n`)
  }
  const before = read(group)
  t.strictSame(
    plain.map(({ name }) => name),
    before.map(({ name }) => name),
    `${group}: the same exchanges`,
  )
  for (const exchange of plain) {
    t.strictSame(
      exchange,
      before.find(({ name }) => name === exchange.name),
      `${group}: ${exchange.name}`,
    )
  }
}

export function read(group: string): Exchange[] {
  return JSON.parse(readFileSync(path.join(recorded, `${group}.json`), 'utf8')) as Exchange[]
}

export function readAll(): Exchange[] {
  const groups = readdirSync(recorded).filter((file) => file.endsWith('.json'))
  return groups.sort().flatMap((file) => read(file.slice(0, -'.json'.length)))
}
