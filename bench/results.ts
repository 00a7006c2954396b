/** The run as a JSON file, with what it takes to compare it with another one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Findings, quantile, references } from './findings.js'
import { targets, verdict } from './targets.js'

const folder = path.join(import.meta.dirname, '../../bench/results')

export interface Machine {
  cores: number
  cpu: string
  memoryGiB: number
  system: string
  node: string
  cli: string
  /** of the last minute, before the run */
  loadBefore: number
}

export function machine(cli: string): Machine {
  return {
    cores: os.availableParallelism(),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    cli,
    loadBefore: os.loadavg()[0]!,
  }
}

/** @returns the file's path */
export function writeResults(findings: Findings, facts: Machine, quick: boolean, seconds: number): string {
  const at = new Date().toISOString()
  const file = path.join(folder, `${at.replaceAll(':', '-').slice(0, 19)}.json`)
  const rows = findings.rows.map((row) => ({
    ...row,
    // a thousand samples say no more than their quantiles
    samples: row.samples.length > 100 ? undefined : row.samples,
    count: row.samples.length,
    p50: quantile(row.samples, 0.5),
    p95: quantile(row.samples, 0.95),
    p99: quantile(row.samples, 0.99),
    toBare: row.kind === undefined ? undefined : findings.median(row.id) / findings.median(references[row.kind].bare),
    targets: targets
      .filter((target) => target.row === row.id)
      .map((target) => ({ wanted: target.wanted, verdict: verdict(target, findings) })),
  }))
  mkdirSync(folder, { recursive: true })
  const { problems, notes } = findings
  writeFileSync(file, `${JSON.stringify({ at, quick, seconds, machine: facts, problems, notes, rows }, null, 2)}\n`)
  return file
}
