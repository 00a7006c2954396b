/** A copy of the project in a temporary folder, where mutants are applied, compiled and tested. The working tree is never changed. */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import ts from 'typescript'
import { type Mutant, headOf } from './patch.js'

/** Not copied: the first is linked, the others are no part of the project. */
const left = ['node_modules', '.git', '.data', '.tap']
/** What the compiler says of a name that nothing uses. A line that is left out may leave such a name, so it is no reason to refuse a mutant. */
const ofUnusedNames = /error TS(6133|6138|6192|6196|6198|6199)\b/
/** Longest time of one test file. */
const timeoutMs = 120_000

/** `moved`: the patch applied, but not at its own lines or with all of its context. */
export type Applied = { kind: 'applied'; moved: boolean } | { kind: 'refused'; why: string }

/** `failed`: an assertion failed. `broken`: the file failed without an assertion, or it ran out of time. */
export type TestResult = ({ kind: 'passed' } | { kind: 'failed'; first: string } | { kind: 'broken'; why: string }) & { seconds: number }

export class Copy {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'mutants-'))

  constructor(private readonly root: string) {
    const names = readdirSync(root).filter((name) => !left.includes(name))
    for (const name of names) cpSync(path.join(root, name), path.join(this.folder, name), { recursive: true })
    symlinkSync(path.join(root, 'node_modules'), path.join(this.folder, 'node_modules'))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Changes the copy's sources and compiles what has changed. On `refused` the copy is as before. */
  async apply(mutant: Mutant): Promise<Applied> {
    const options = { cwd: this.folder, input: mutant.diff, reject: false, all: true } as const
    const exact = await execa('git', ['apply', '--verbose', '-'], options)
    let moved = mutant.moved || /offset/.test(exact.all)
    if (exact.exitCode !== 0) {
      moved = true
      const loose = await execa('git', ['apply', '-C1', '-'], options)
      if (loose.exitCode !== 0) {
        const fuzzy = ['-p1', '-F3', '--batch', '--no-backup-if-mismatch', '-r', '-']
        const trial = await execa('patch', ['--dry-run', ...fuzzy], options)
        if (trial.exitCode !== 0) return { kind: 'refused', why: firstLine(exact.all.replace(/^Checking patch .*\n/gm, '')) }
        await execa('patch', fuzzy, options)
      }
    }
    for (const file of mutant.changes) this.compile(file)
    return { kind: 'applied', moved }
  }

  /** Takes the files of a mutant from the working tree again. */
  restore(mutant: Mutant): void {
    for (const file of mutant.changes) {
      for (const one of [file, compiledOf(file)]) cpSync(path.join(this.root, one), path.join(this.folder, one))
    }
  }

  /** What the compiler says against the copy as it is; null where it says nothing. */
  async typeProblem(): Promise<string | null> {
    const tsc = path.join(this.folder, 'node_modules/typescript/bin/tsc')
    const run = await execa(process.execPath, [tsc, '-p', '.', '--noEmit'], {
      cwd: this.folder,
      reject: false,
      all: true,
    })
    if (run.exitCode === 0) return null
    const problems = run.all.split('\n').filter((line) => /\berror\b/.test(line) && !ofUnusedNames.test(line))
    return problems.length === 0 && run.all.includes('error TS') ? null : firstLine(problems[0] ?? run.all)
  }

  /** The difference of the copy to the working tree, as a patch with few lines of context. */
  async diff(mutant: Mutant): Promise<string> {
    let whole = ''
    for (const file of mutant.changes) {
      const [before, after] = [path.join(this.root, file), path.join(this.folder, file)]
      const { stdout } = await execa('git', ['diff', '--no-index', '--no-color', '-U2', before, after], { reject: false })
      const hunks = stdout.slice(stdout.search(/^@@/m))
      whole += `${headOf(file)}\n${hunks}\n`
    }
    return whole
  }

  /** Runs one test file of the copy by itself. */
  async test(file: string): Promise<TestResult> {
    const started = performance.now()
    const run = await execa(process.execPath, [path.join(this.folder, compiledOf(file))], {
      cwd: this.folder,
      // one failure is enough
      env: { TAP_TIMEOUT: String(timeoutMs / 1000), TAP_BAIL: '1' },
      reject: false,
      timeout: timeoutMs + 5000,
      killSignal: 'SIGKILL',
    })
    const seconds = Math.round((performance.now() - started) / 1000)
    if (run.exitCode === 0) return { kind: 'passed', seconds }
    if (run.timedOut) return { kind: 'broken', why: 'it ran out of time', seconds }
    const failure = failuresOf(run.stdout).find((one) => !/timeout!|failureType: timeout/.test(one))
    if (failure !== undefined) return { kind: 'failed', first: firstLine(failure).replace(/^not ok \d+ - /, ''), seconds }
    return { kind: 'broken', why: firstLine(run.stderr) || `exit code ${run.exitCode ?? 'unknown'} without a failed assertion`, seconds }
  }

  /** One file, without a look at its types. */
  private compile(file: string): void {
    const source = readFileSync(path.join(this.folder, file), 'utf8')
    const { config } = ts.readConfigFile(path.join(this.folder, 'tsconfig.json'), (name) => readFileSync(name, 'utf8')) as {
      config: { compilerOptions: unknown }
    }
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, this.folder)
    // a file by itself does not say that the package's modules are ECMAScript's
    const { outputText } = ts.transpileModule(source, {
      fileName: path.join(this.folder, file),
      compilerOptions: { ...options, module: ts.ModuleKind.ESNext },
    })
    writeFileSync(path.join(this.folder, compiledOf(file)), outputText)
  }
}

function compiledOf(file: string): string {
  return path.join('dist', file.replace(/\.ts$/, '.js'))
}

/** Failed assertions of a TAP document, each with what tap says of it: its own words, not those of the subtest around it. */
function failuresOf(tap: string): string[] {
  const found = tap.matchAll(/^( *)not ok .*\n(?:\1  ---\n(?:\1  .*\n|\n)*?\1  \.\.\.\n)?/gm)
  return [...found].map((match) => match[0].trim()).filter((text) => text.includes('---') && !/^ *at .*\bimport\b/m.test(text))
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!.slice(0, 160)
}
