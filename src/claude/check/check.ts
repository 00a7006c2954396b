/**
 * The check of the CLI: real processes of one binary, started as jobs start theirs, with dummy credentials, against a recorder on loopback.
 * No byte of it leaves the machine.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { CredentialKind } from '../process/environment.js'
import type { LaunchSetup } from '../process/launcher.js'
import { Bench } from './bench.js'
import { Budget, type CheckLimits, defaultLimits } from './budget.js'
import { probes } from './probes.js'
import { Recorder } from './recorder.js'
import { type ProbeId, type Verdict, checkedAs, nothingPassed } from './verdict.js'

export interface CheckOptions {
  /** path of the CLI */
  binary: string
  /** as the CLI says it */
  version: string | null
  /** of the CLI's processes, see `baseEnvironment`; credentials, addresses and proxies in it are not used */
  env: Readonly<Record<string, string>>
  credential: CredentialKind
  /** see `openWorkspaceRoot` */
  workspaceRoot: string
  /** aborted: the check ends its process and the rest has not passed */
  signal: AbortSignal
  /** Resolves when the next step may take the CPU; that wait counts as no time. Left out: at once */
  turn?: () => Promise<void>
  onProbe?: (id: ProbeId, passed: true | string) => void
  limits?: CheckLimits
}

export interface CheckedVerdict extends Verdict {
  /** of the steps, without the waits for a turn */
  seconds: number
  /** of the processes; null where the system does not tell */
  cpuSeconds: number | null
}

/** Bytes of a binary; 0 where it is not there. */
export async function sizeOf(binary: string): Promise<number> {
  const found = await stat(binary).catch(() => null)
  return found?.size ?? 0
}

/**
 * Runs all probes, one process at a time. Never rejects for what the CLI does: a probe has then not passed.
 * @throws what making a folder or listening on loopback rejects with
 */
export async function checkCli(options: CheckOptions): Promise<CheckedVerdict> {
  const { binary, version, env, credential } = options
  const known = { version, size: await sizeOf(binary), credential: checkedAs(credential) }
  const cloud = otherCloudIn(env)
  if (cloud !== undefined) return { ...known, passed: nothingPassed(`cannot be checked with ${cloud}`), seconds: 0, cpuSeconds: null }
  return withBench(options, 'fresh', async (bench) => {
    const passed = await runProbes(bench, options)
    const replaced = (await sizeOf(binary)) !== known.size
    const { seconds, cpuSeconds } = bench.budget
    return { ...known, passed: replaced ? nothingPassed('the binary was replaced during the check') : passed, seconds, cpuSeconds }
  })
}

/**
 * A recorder and a folder for processes of the check, for as long as `use` needs them.
 * @param home whose files the CLI finds: a fresh one's, with files that must not be read, or those that it finds in jobs
 * @throws what `use`, making a folder or listening on loopback rejects with
 */
export async function withBench<T>(options: CheckOptions, home: 'fresh' | 'own', use: (bench: Bench) => Promise<T>): Promise<T> {
  const { binary, version, env, credential } = options
  const root = await mkdtemp(path.join(options.workspaceRoot, 'check-'))
  const recorder = new Recorder()
  const budget = new Budget(options.limits ?? defaultLimits, options.signal, options.turn ?? (async () => {}))
  try {
    await recorder.open()
    const fresh = await makeHome(root)
    const setup: LaunchSetup = {
      binary: () => ({ path: binary, version, problem: null }),
      // a stored login has the flags of a token and belongs to the user
      credential: credential === 'login' ? 'oauth_token' : credential,
      env: {
        ...withoutOwnMatters(env),
        ...dummyCredential(credential),
        ...(home === 'fresh' ? { HOME: fresh.home } : configFolder(env)),
        ANTHROPIC_BASE_URL: recorder.url,
      },
      workspaceRoot: root,
    }
    return await use(new Bench(setup, version, recorder, budget, fresh.canary))
  } finally {
    budget.close()
    await recorder.close()
    await rm(root, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 }).catch(() => {
      // left for the next start
    })
  }
}

async function runProbes(bench: Bench, { onProbe }: CheckOptions): Promise<Verdict['passed']> {
  const passed = nothingPassed('not run')
  for (const { id, run } of probes) {
    passed[id] = await run(bench).then(
      () => true as const,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    onProbe?.(id, passed[id])
  }
  return passed
}

/** The switch for another provider's API, which does not take the address of the recorder; undefined where there is none. */
export function otherCloudIn(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return Object.keys(env).find((name) => name.startsWith('CLAUDE_CODE_USE_') && env[name])
}

/** Whose account, which address and which proxy is the operator's business and not the check's. */
function withoutOwnMatters(env: Readonly<Record<string, string>>): Record<string, string> {
  const own = /^(ANTHROPIC_.*|CLAUDE_CODE_OAUTH_TOKEN|CLAUDE_CONFIG_DIR|.*_proxy)$/i
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)))
}

function configFolder({ CLAUDE_CONFIG_DIR }: Readonly<Record<string, string>>): Record<string, string> {
  return CLAUDE_CONFIG_DIR === undefined ? {} : { CLAUDE_CONFIG_DIR }
}

function dummyCredential(kind: CredentialKind): Record<string, string> {
  const dummy = 'dummy-of-the-check'
  switch (kind) {
    case 'api_key':
      return { ANTHROPIC_API_KEY: dummy }
    case 'auth_token':
      return { ANTHROPIC_AUTH_TOKEN: dummy }
    case 'oauth_token':
    case 'login':
      return { CLAUDE_CODE_OAUTH_TOKEN: dummy }
    default:
      // a cloud is not asked
      return {}
  }
}

/** Files that a CLI would pick up by itself, with a text that must not be sent. */
async function makeHome(root: string): Promise<{ home: string; canary: Bench['canary'] }> {
  const text = 'canary-of-the-check'
  const home = path.join(root, 'home')
  const file = path.join(home, 'named-by-a-question.txt')
  await mkdir(path.join(home, '.claude'), { recursive: true })
  for (const each of [file, path.join(root, 'CLAUDE.md'), path.join(home, '.claude', 'CLAUDE.md')]) await writeFile(each, `${text}\n`)
  return { home, canary: { text, file } }
}
