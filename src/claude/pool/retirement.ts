/** When a process that has answered is not asked again: it grows with what it answers, and its notes hold the day of its start. */
import { readFile } from 'node:fs/promises'
import { longestResult } from '../../../mcp/job/whole-tool.js'
import type { ClaudeRequest } from '../../request/conversation.js'

export interface RetirementLimits {
  /** questions that one process answers */
  questions: number
  /** its share of the memory (PSS), in bytes */
  bytes: number
  /** milliseconds since its start */
  ageMs: number
}

export const retirementLimits: RetirementLimits = { questions: 2000, bytes: 400 * 1024 * 1024, ageMs: 60 * 60_000 }

/** How often a process's memory is looked at: by questions, and by milliseconds. */
const lookEvery = 50
const lookEveryMs = 60_000

/** What is known of one process's life. Times are of `performance.now()`. */
export class Life {
  private readonly begun = performance.now()
  private readonly day = new Date().toDateString()
  private questions = 0
  private retired = false
  private lookedAt = this.begun
  /** tasks whose words the process may hold */
  readonly tasks = new Set<string>()

  pid: number | undefined
  /** of the run that it was found for last */
  owner: string | undefined

  /** @param origin what the process is started from: the program and the credential */
  constructor(
    private readonly origin: string,
    private readonly limits: RetirementLimits = retirementLimits,
  ) {}

  /** Takes note of a question that was answered. */
  answered(request: ClaudeRequest, task: string): void {
    this.tasks.add(task)
    this.questions += 1
    // the CLI keeps such a result in a file
    if (request.turns.some(({ content }) => content.some((block) => block.type === 'tool_result' && isLong(block)))) this.retired = true
    if (this.questions % lookEvery !== 0 && performance.now() - this.lookedAt < lookEveryMs) return
    this.lookedAt = performance.now()
    this.lookAtMemory().catch(() => undefined)
  }

  /** It is not to be asked again. */
  retire(): void {
    this.retired = true
  }

  isFit(origin: string): boolean {
    if (this.retired || this.questions >= this.limits.questions || this.origin !== origin) return false
    if (performance.now() - this.begun >= this.limits.ageMs) return false
    return this.day === new Date().toDateString()
  }

  /** Where the system tells nothing, the other limits hold. */
  private async lookAtMemory(): Promise<void> {
    if (this.pid === undefined) return
    const rollup = await readFile(`/proc/${this.pid}/smaps_rollup`, 'utf8')
    const pss = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]
    if (pss !== undefined && Number(pss) * 1024 > this.limits.bytes) this.retired = true
  }
}

function isLong({ content }: { content: readonly { type: string; text?: string }[] }): boolean {
  return content.reduce((length, { text = '' }) => length + text.length, 0) > longestResult
}
