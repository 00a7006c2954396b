/**
 * One CLI process: its lines out, its lines in, and its end. The process leads a group of its own, so that whatever it
 * starts can be ended with it.
 */
import { execa } from 'execa'
import { LineSplitter, LineTooLong } from '../../lines.js'
import type { CliMessage } from '../protocol/messages.js'
import { Descendants } from './descendants.js'
import { type OddLine, OddLines } from './odd-lines.js'
import { failedToBecome, tied } from './tied.js'

export interface Launch {
  binary: string
  args: readonly string[]
  cwd: string
  env: Record<string, string>
  /** told of what a listener throws; the process is ended then */
  onFault?: ((error: unknown) => void) | undefined
  /** told of a line that is none of the CLI's messages, once for each kind of them */
  onOddLine?: ((line: OddLine) => void) | undefined
}

export interface Exit {
  code: number | null
  signal: string | null
  /** what was written to stderr last, at most 4 KB, behind what was no message on stdout, at most 1 KB */
  stderr: string
  /** set where the process could not be started at all: an errno such as ENOENT, EACCES, E2BIG */
  spawnError: string | null
}

const stderrKept = 4096
/** SIGTERM ends the CLI within 40 ms; what has not gone by then is killed. */
const termGraceMs = 500
/** Output may still stand in the pipe when the process has gone; a grandchild that holds the pipe open must not hold us. */
const drainMs = 250

/** Live processes of this server, for the last resort at its own exit. */
const live = new Set<ClaudeProcess>()
let started = 0

/** Kills every process group that is left, synchronously: for the moment before the server itself goes. */
export function killAllProcesses(): void {
  for (const child of live) child.kill()
}

export function liveProcessCount(): number {
  return live.size
}

/** Processes that this server has ever tried to start. */
export function startedProcessCount(): number {
  return started
}

export class ClaudeProcess {
  readonly pid: number | undefined
  /** Resolves when the process has gone, its output is read and its group is swept. Never rejects. */
  readonly gone: Promise<Exit>

  private readonly child
  private readonly onFault: Launch['onFault']
  private onMessage: (message: CliMessage) => void = () => {}
  private readonly odd: OddLines
  private readonly waiting: string[] = []
  private listening = false
  private killTimer: NodeJS.Timeout | undefined
  private exited = false
  private descendants: Descendants | null = null

  constructor(launch: Launch) {
    const { file, args, env } = tied({ file: launch.binary, args: launch.args })
    this.child = execa(file, args, {
      cwd: launch.cwd,
      env: { ...launch.env, ...env },
      extendEnv: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      buffer: false,
      encoding: 'buffer',
      reject: false,
      detached: true,
      // detached children are not covered by execa's own clean-up; killAllProcesses is
      cleanup: false,
    })
    this.onFault = launch.onFault
    this.odd = new OddLines(launch.onOddLine)
    this.pid = this.child.pid
    live.add(this)
    started += 1
    // a child that ends before it has read everything; its exit tells the story
    this.child.stdin.on('error', () => {})
    this.gone = this.watch()
  }

  /** Takes over the messages. Those that came before are delivered first. */
  listen(onMessage: (message: CliMessage) => void): void {
    this.onMessage = onMessage
    this.listening = true
    for (const line of this.waiting.splice(0)) this.deliver(line)
  }

  /** From now on the process may start others: they end with it, whatever session and environment they have made for themselves. */
  followDescendants(): void {
    if (this.pid === undefined || this.exited) return
    this.descendants ??= new Descendants(this.pid)
    this.descendants.follow()
  }

  /** See `Descendants`; none where they are not followed. */
  get sessions(): ReadonlySet<number> {
    return this.descendants?.sessions ?? new Set()
  }

  /** From now on the process is told words of a conversation: what it writes beside its messages may repeat them. */
  startConversation(): void {
    this.odd.holdsWords = true
  }

  /** Writes one line. A process that has gone swallows it. */
  send(message: object): void {
    if (this.child.stdin.writable) this.child.stdin.write(`${JSON.stringify(message)}\n`)
  }

  /** Says that no more will come: the CLI finishes what it does and ends. */
  endInput(): void {
    // what it has been handed leaves the tree when it ends
    this.descendants?.look()
    if (this.child.stdin.writable) this.child.stdin.end()
  }

  /** SIGTERM to the group, SIGKILL if it is still there after half a second. */
  terminate(): void {
    if (this.exited || this.killTimer !== undefined) return
    this.descendants?.look()
    this.signalGroup('SIGTERM')
    this.killTimer = setTimeout(() => this.kill(), termGraceMs)
  }

  /** SIGKILL to the group and to all descendants: the only way to keep the CLI from one more upstream call. */
  kill(): void {
    this.descendants?.end()
    this.signalGroup('SIGKILL')
  }

  private signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.pid === undefined) return
    try {
      process.kill(-this.pid, signal)
    } catch {
      // ESRCH: no process of the group is left
    }
  }

  private async watch(): Promise<Exit> {
    let stderr = Buffer.alloc(0)
    this.child.stderr.on('data', (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk.subarray(-stderrKept)]).subarray(-stderrKept)
    })
    const splitter = new LineSplitter((line) => this.deliver(line))
    const drained = new Promise<void>((resolve) => {
      this.child.stdout.on('data', (chunk: Buffer) => {
        try {
          splitter.push(chunk)
        } catch (error) {
          this.fault(error)
          this.kill()
        }
      })
      this.child.stdout.once('close', resolve)
    })
    const exit = await this.exit()
    this.exited = true
    clearTimeout(this.killTimer)
    await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, drainMs).unref())])
    try {
      splitter.end()
    } catch (error) {
      // the end of a process goes its way all the same
      this.fault(error)
    }
    // whatever the CLI started and did not end
    this.kill()
    this.child.stdout.destroy()
    this.child.stderr.destroy()
    live.delete(this)
    const said = stderr.toString('utf8')
    return { ...exit, spawnError: exit.spawnError ?? failedToBecome(exit.code, said), stderr: `${this.odd.lastWords}${said}` }
  }

  /** The listener failed; a line without end is the program's own fault, and its run's failure. */
  private fault(error: unknown): void {
    if (!(error instanceof LineTooLong)) this.onFault?.(error)
  }

  private async exit(): Promise<Omit<Exit, 'stderr'>> {
    if (this.pid === undefined) {
      const result = await this.child
      const code = (result.cause as NodeJS.ErrnoException | undefined)?.code
      return { code: null, signal: null, spawnError: code ?? 'UNKNOWN' }
    }
    return new Promise((resolve) => {
      this.child.once('exit', (code: number | null, signal: string | null) => {
        resolve({ code, signal, spawnError: null })
      })
    })
  }

  private deliver(line: string): void {
    if (!this.listening) {
      this.waiting.push(line)
      return
    }
    let message: unknown
    try {
      message = JSON.parse(line)
    } catch {
      return this.odd.noMessage(line, false)
    }
    if (typeof message !== 'object' || message === null || !('type' in message)) return this.odd.noMessage(line, true)
    this.odd.message(message.type, line)
    this.onMessage(message as CliMessage)
  }
}
