/** What one whole check of the CLI costs, which a server makes beside its jobs where it meets a binary that it does not know. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { checkCli } from '../src/claude/check/check.js'
import { optionalProbes, probeIds } from '../src/claude/check/verdict.js'
import { cpuOfEnded } from './procfs.js'
import type { Rig } from './rig.js'

export async function measureCheck(rig: Rig): Promise<void> {
  const { cli, findings, signal } = rig
  const workspaceRoot = path.join(rig.folder, 'check')
  mkdirSync(workspaceRoot)
  const before = cpuOfEnded(process.pid)
  const verdict = await checkCli({ ...cli, credential: 'api_key', workspaceRoot, signal })
  for (const id of probeIds) {
    const passed = verdict.passed[id]
    findings.check(passed === true || optionalProbes.includes(id), `check of the CLI: ${id}: ${String(passed)}`)
  }
  findings.add('check_total', 'a whole check of the CLI: time', 'ms', verdict.seconds * 1000, 'time')
  findings.add('check_cpu', '  CPU of its processes', 'ms', cpuOfEnded(process.pid) - before, 'cpu')
}
