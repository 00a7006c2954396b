/** The figures as plain text, each with what it is compared with and what was wanted of it. */
import { type Findings, type Row, quantile, references } from './findings.js'
import { targets, verdict } from './targets.js'

const words = { met: 'met', missed: 'NOT MET', unknown: 'not known' }

const head = ['', 'n', 'p50', 'p95', 'to direct', '', 'to lean CLI', '', 'target']

export function table(findings: Findings): string {
  const lines = findings.rows.flatMap((row) => linesOf(findings, row))
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]!.length)))
  const aligned = all.map((line) =>
    line.map((cell, column) => {
      const width = widths[column]!
      return column === 0 || column === 8 ? cell.padEnd(width) : cell.padStart(width)
    }),
  )
  const [first, ...rest] = aligned.map((line) => line.join('  ').trimEnd())
  return [first, '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...rest].join('\n')
}

function linesOf(findings: Findings, row: Row): string[][] {
  const p50 = quantile(row.samples, 0.5)
  const many = row.samples.length > 1 ? String(row.samples.length) : ''
  const p95 = many === '' ? '' : number(quantile(row.samples, 0.95))
  const { direct, bare } = row.kind === undefined ? {} : references[row.kind]
  const compared = [direct, bare].flatMap((reference) => comparison(findings, row, reference, p50))
  const wanted = targets.filter((target) => target.row === row.id).map((target) => `${target.wanted}: ${words[verdict(target, findings)]}`)
  const line = [row.name, many, `${number(p50)} ${row.unit}`, p95, ...compared, wanted[0] ?? '']
  return [line, ...wanted.slice(1).map((more) => [...line.slice(0, 8).map(() => ''), more])]
}

/** Difference and ratio of the medians. */
function comparison(findings: Findings, row: Row, reference: string | undefined, p50: number): [string, string] {
  if (row.kind === undefined || reference === undefined || row.id === reference || row.id === references[row.kind].direct) return ['', '']
  const other = findings.median(reference)
  if (Number.isNaN(other)) return ['', '']
  const difference = p50 - other
  return [`${difference < 0 ? '' : '+'}${number(difference)}`, `x${number(p50 / other)}`]
}

/** Three digits that matter, and no more than the measurement can know. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'none'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}
