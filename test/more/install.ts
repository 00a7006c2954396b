/** Programs in versions other than the installed ones, from the npm registry, in a folder that is removed at the end. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'

const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-more-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Resolves with the folder of the installed package. `version`: exact, a range or a tag. @throws where npm cannot install it */
async function install(name: string, version: string): Promise<string> {
  const prefix = path.join(folder, `${name}@${version}`.replace(/\W/g, '-'))
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
  await execa('npm', ['install', ...flags, `--prefix=${prefix}`, `${name}@${version}`], { cwd: folder, timeout: 300_000 })
  return path.join(prefix, 'node_modules', name)
}

/** The `node` package downloads its program in an install script; the package of the platform holds it. */
export async function installNode(major: string): Promise<string> {
  return path.join(await install(`node-${process.platform}-${process.arch}`, major), 'bin/node')
}

/** Path of the CLI in this version, or of the newest with `latest`. */
export async function installCli(version: string): Promise<string> {
  return path.join(await install(`@anthropic-ai/claude-code-${process.platform}-${process.arch}`, version), 'claude')
}
