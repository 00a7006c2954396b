/** The real CLI for the runs of a test file: the one that npm installed, or `CLAUDE_BIN`. */
import { statSync } from 'node:fs'
import os from 'node:os'
import { verdictFor } from '../../src/claude/check/known.js'
import { type Abilities, abilitiesOf, noAbilities } from '../../src/claude/check/verdict.js'
import { locateBinary, readVersion } from '../../src/claude/process/binary.js'
import { baseEnvironment } from '../../src/claude/process/environment.js'

export interface RealCli {
  binary: string
  version: string | null
  /** What its check has found out, as the package ships it; nothing for a binary that is not known. */
  abilities: () => Abilities
  /** A server's environment with the stand-in for the provider, an API key, and a home that is nobody's. */
  hostFor(standin: { url: string }): NodeJS.ProcessEnv
}

/** 2.1.197 offers functions that its settings deny, and denies them when they are called. */
export const offersDenied = ({ version }: Pick<RealCli, 'version'>): boolean => version === '2.1.197'

/** 2.1.197 sends images with many pixels whole, if no side is longer than 2000. The bridge names them as scaled there too. */
export const scalesBySideOnly = ({ version }: Pick<RealCli, 'version'>): boolean => version === '2.1.197'

/** @throws Error where the CLI is not installed */
export async function realCli(): Promise<RealCli> {
  const located = locateBinary(process.env['CLAUDE_BIN'] || undefined)
  if (located.problem !== null) throw new Error(located.problem)
  const { path: binary, version, problem } = await readVersion(located.path, baseEnvironment(process.env))
  if (problem !== null) throw new Error(problem)
  const hostFor = ({ url }: { url: string }) => ({
    PATH: process.env['PATH'],
    HOME: `${os.tmpdir()}/nobody-lives-here`,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'stand-in-no-account-needed',
    // as in helper.ts
    CLAUDE_CODE_CERT_STORE: 'bundled',
  })
  const verdict = verdictFor(version, statSync(binary).size, 'api_key')
  const abilities = () => (verdict === undefined ? noAbilities : abilitiesOf(verdict))
  return { binary, version, abilities, hostFor }
}
