/** `doctor`: looks at all that the server needs, and names each fault with its remedy. */
import { credentialKind, baseEnvironment } from '../../claude/process/environment.js'
import { type Config, readConfig } from '../../config.js'
import { withSecretFiles } from '../../config/secret-files.js'
import { ConfigError } from '../../errors/config-error.js'
import { version } from '../../version.js'
import { exits, type Exit } from '../exits.js'
import { stoppable } from '../stop.js'
import { Progress, sayJson, sayLine } from '../terminal.js'
import { askOnce, checkWay } from './api-checks.js'
import { type Cli, checkBehaviour, checkLogin, checkStart, findCli } from './cli-checks.js'
import { type Finding, fault, findingIds } from './finding.js'
import { type Machine, thisMachine } from './machine.js'
import { checkCpu, checkInit, checkMemory, checkNode } from './machine-checks.js'
import { checkAddresses, checkExposure } from './place-checks.js'
import { checkDataDir, checkRedis, checkTmp } from './store-checks.js'

export interface DoctorOptions {
  json?: boolean
  /** false: no question is asked, so that nothing is spent */
  ask: boolean
}

export interface Report {
  findings: Finding[]
  /** what is as it should be, in words */
  good: string[]
}

/** Prints what it finds, the worst first. Resolves with 1 where there is a fault. */
export async function doctor(env: NodeJS.ProcessEnv, { json, ask }: DoctorOptions): Promise<Exit> {
  const progress = new Progress()
  const report = await stoppable((signal) => examine(env, { ask, signal, onStep: (step) => progress.show(`looking at ${step}`) }))
  progress.clear()
  const faults = report.findings.filter(({ level }) => level === 'fault').length
  if (json === true) sayJson({ ok: faults === 0, version, ...report })
  else print(report, faults)
  return faults === 0 ? exits.done : exits.failed
}

interface Examination {
  ask: boolean
  signal: AbortSignal
  machine?: Machine
  onStep?: (step: string) => void
}

/** Every check that can still say something; one that depends on what has failed is left out. */
export async function examine(
  env: NodeJS.ProcessEnv,
  { ask, signal, machine = thisMachine(), onStep = () => {} }: Examination,
): Promise<Report> {
  const report: Report = { findings: [...checkNode(machine), ...checkCpu(machine), ...checkInit(machine)], good: [] }
  const take = (good: string, found: readonly Finding[]): boolean => {
    report.findings.push(...found)
    if (found.length === 0 && good !== '') report.good.push(good)
    return !found.some(({ level }) => level === 'fault')
  }
  take(`Node ${machine.nodeVersion}`, [])
  const config = configOf(env)
  if (config instanceof ConfigError) take('', [fault('configuration', config.message, 'Correct that setting.')])
  const known = config instanceof ConfigError ? null : config
  take('', checkMemory(machine, known))
  const credential = credentialKind(withSecretFiles(env))
  if (known !== null) {
    onStep('the folders')
    take('the folder for workspaces', await checkTmp(known))
    take(`the data directory ${known.dataDir}`, await checkDataDir(known))
    if (known.storeUrl !== undefined) take('Redis', await checkRedis(known))
    const { findings, running } = await checkAddresses(known)
    take(running.length > 0 ? `a server answers at ${running.join(' and ')}` : `port ${known.port} is free`, findings)
    take('', checkExposure(known, credential))
  }
  await examineCli({ env, config: known, ask, signal, onStep, take, credential })
  report.findings.sort((a, b) => order(a) - order(b))
  return report
}

interface CliExamination extends Required<Pick<Examination, 'ask' | 'signal' | 'onStep'>> {
  env: NodeJS.ProcessEnv
  config: Config | null
  credential: Cli['credential']
  take: (good: string, found: readonly Finding[]) => boolean
}

async function examineCli({ env, config, credential, ask, signal, onStep, take }: CliExamination): Promise<void> {
  onStep('the Claude CLI')
  const own = baseEnvironment(withSecretFiles(env))
  const found = await findCli(config?.claudeBin ?? (env['CLAUDE_BIN'] || undefined), own)
  const there = take(found.version === null ? '' : `Claude CLI ${found.version}`, found.findings)
  onStep('the way to the API')
  const reachable = take("the model's API can be reached", await checkWay(own))
  if (!there || found.version === null) return
  const cli: Cli = { path: found.path, version: found.version, credential, env: own }
  onStep('what the CLI does')
  const behaves = take('it does what the server relies on', await checkBehaviour(cli, signal))
  const starts = take('a process of it starts, and functions reach the model', await checkStart(cli, signal))
  const loggedIn = take('', await checkLogin(cli))
  if (!ask || config === null || !(reachable && behaves && starts && loggedIn)) return
  onStep('the answer to a short question')
  const { findings, ms } = await askOnce(config, env, credential)
  take(`a short question was answered in ${ms} ms`, findings)
}

function configOf(env: NodeJS.ProcessEnv): Config | ConfigError {
  try {
    return readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

/** Faults first, in the order of the table. */
function order({ id, level }: Finding): number {
  return (level === 'fault' ? 0 : 1000) + findingIds.indexOf(id)
}

function print({ findings, good }: Report, faults: number): void {
  for (const line of good) sayLine(`ok       ${line}`)
  for (const { level, id, says, remedy } of findings) {
    sayLine(`${level.padEnd(8)} ${id}: ${says}`)
    sayLine(`         ${remedy}`)
  }
  const warnings = findings.length - faults
  sayLine(findings.length === 0 ? 'nothing is wrong' : `${counted(faults, 'fault')}, ${counted(warnings, 'warning')}`)
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
