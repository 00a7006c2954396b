/**
 * A started CLI process with its workspace: one conversation's own, from its start to its end. What a request needs beyond the
 * launch profile is said to it here; the turns that it has heard stay with it, so that a conversation can go on.
 */
import { randomUUID } from 'node:crypto'
import type { ClaudeRequest } from '../request/conversation.js'
import type { Workspace } from '../../workspace/workspace.js'
import { longestResult } from '../../mcp/job/whole-tool.js'
import { ClientTools } from './protocol/client-tools.js'
import { ControlChannel } from './protocol/control.js'
import type { CredentialKind } from './process/environment.js'
import { equip } from './turn/equip.js'
import { exercise } from './pool/exercise.js'
import type { CliMessage } from './protocol/messages.js'
import type { ClaudeProcess, Exit } from './process/process.js'
import { type PromptWay, promptOf } from './turn/settings.js'
import { ToldSettings, anything } from './turn/told-settings.js'
import { outputKeysOf, toolKeysOf } from './protocol/tool-keys.js'
import { modelName } from './protocol/tool-names.js'
import { takeBack } from './protocol/take-back.js'
import { NotSaid, type TurnListener } from './turn/listener.js'
import { HeldTurns } from './pool/held-turns.js'
import { within } from '../within.js'
import { type PlainTextMark, historyLines, lengthOf, userLine } from './turn/transcript.js'
import type { Ending } from './turn/ending.js'
import { failedCallsIn, isModelNotice } from './turn/managed.js'
import { TurnReader } from './turn/turn.js'

/** How long a process may take to end by itself. */
const exitGraceMs = 1500
/** A process that has answered before takes a control request within some milliseconds; one that does not is not to be counted on. */
const controlLimitMs = 1000

export class Session {
  /** Resolves when process and workspace are gone. Never rejects. */
  readonly gone: Promise<Exit>
  /** Called when the process has gone, before its folder is removed. */
  leave: () => Promise<void> = async () => {}
  private readonly control: ControlChannel
  private readonly tools = new ClientTools()
  private hear: (message: CliMessage) => void = () => {}
  private readonly told = new ToldSettings()
  /** the CLI's estimate for everything so far */
  private cost = 0
  /** the last turn ended with calls, and the process waits for their results */
  private called: ReadonlySet<string> = new Set()
  /** calls since the turn's begin that the CLI has answered with an error */
  private readonly failed = new Set<string>()
  private isExercised = false
  /** said before anything was asked, and true of all that is */
  private modelNotice: CliMessage | null = null
  /** the answer has come whole and is being checked: the process is needed no more for it */
  isChecking = false
  /** the turns that it holds */
  readonly held = new HeldTurns()
  /** how it is told its prompt; fixed by the first request */
  promptWay: PromptWay = 'once'

  constructor(
    readonly child: ClaudeProcess,
    readonly workspace: Workspace,
    private readonly mark: PlainTextMark,
    private readonly credential: CredentialKind,
  ) {
    this.control = new ControlChannel(child, (request) => this.tools.answer(request))
    child.listen((message) => {
      if (this.control.take(message)) return
      if (isModelNotice(message)) this.modelNotice = message
      for (const id of failedCallsIn(message)) this.failed.add(id)
      this.leaveDenied()
      this.hear(message)
    })
    this.gone = child.gone.then(async (exit) => {
      await this.leave()
      await workspace.remove()
      return exit
    })
  }

  /** Its turn is open: it waits for the results of its calls. */
  get waits(): boolean {
    return this.called.size > 0
  }

  /** Whether the process can go on with a request: it gets results of exactly its calls, or words if it has made none. */
  awaits(request: ClaudeRequest): boolean {
    const content = request.turns.at(-1)?.content ?? []
    const results = content.filter((block) => block.type === 'tool_result')
    if (this.called.size === 0) return results.length === 0
    return (
      results.length === content.length &&
      results.length === this.called.size &&
      results.every((result) => this.called.has(result.toolCallId) && lengthOf(result) <= longestResult) &&
      this.told.isOpenTo(request)
    )
  }

  /**
   * How many turns the process could keep for a request of its own kind (owner, profile, tools, schema); null where it can go on with
   * nothing of it. What it holds beyond them has to be taken back. @param chain see `chainOf`: of the turns before the last
   */
  keepFor(request: ClaudeRequest, chain: readonly string[]): number | null {
    const { prompt } = this.told
    if (this.promptWay === 'once' ? prompt !== promptOf(request) : prompt === '' && promptOf(request) !== '') return null
    const keep = this.held.keepFor(chain)
    const goesOn = keep === this.held.count && keep === chain.length
    // the turn is open: the process goes on with exactly its calls' results, or not at all
    if (this.called.size > 0) return goesOn && this.awaits(request) ? keep : null
    // a process with a schema keeps its answer as a call, a replay has it as a text
    if (request.output !== undefined) return this.held.keepFor([])
    // results of calls that the process has not made are said with the calls
    return goesOn && !this.awaits(request) ? null : keep
  }

  /**
   * Says a request to the process and reads its answer. `keep`: how many of the turns stay of those that the process holds; a fresh
   * one is told everything. Rejects with ControlRefused, NotTakenBack; stays pending if the process ends first.
   */
  converse(request: ClaudeRequest, keep: number, listener: TurnListener): Promise<Ending> {
    this.child.startConversation()
    const calls = new Set<string>()
    this.failed.clear()
    const turn = new TurnReader({
      choice: listener.choice,
      model: request.model,
      stop: request.stop ?? [],
      functions: new Map(request.tools?.map(({ name }) => [modelName(name, request.tools), name])),
      custom: new Set(request.tools?.flatMap(({ name, custom }) => (custom ? [name] : []))),
      output: request.output !== undefined,
      keys: { tools: toolKeysOf(request.tools), output: outputKeysOf(request.output) },
      continued: this.called.size > 0,
      costBefore: this.cost,
      clientRetries: request.clientRetries === true,
      spent: (charge) => listener.spent?.(charge),
      limit: (event) => listener.limit?.(event),
      cutBy: () => listener.cutBy?.() ?? null,
      credential: this.credential,
      emit: (event) => {
        if (event.type === 'tool_call' && event.id !== undefined) calls.add(event.id)
        listener.emit(event)
      },
    })
    return new Promise((resolve, reject) => {
      const end = (ending: Ending) => {
        this.isChecking = false
        this.called = calls
        this.cost = turn.totalCost ?? this.cost
        resolve(ending)
        // 2.1.197 answers before it has said the turn's end
        this.leaveDenied()
      }
      let taken: (() => void) | null = null
      let asked = false
      this.hear = (message) => {
        listener.alive()
        // the CLI answers each line of history with an empty result; an error there is the turn's
        if (!asked && message.type === 'result' && message['is_error'] !== true) taken?.()
        else if (asked || message.type === 'result' || message.type === 'assistant') {
          if (message.type === 'stream_event' || (message.type === 'system' && message.subtype === 'status')) listener.asked()
          const ending = turn.read(message)
          const output = turn.takeOutput()
          if (ending !== null) end(ending)
          else if (output !== null) {
            this.isChecking = true
            const checked = listener.outputProblem?.(request.output!.schema, output.value) ?? Promise.resolve('it cannot be checked here')
            checked.then((problem) => end(turn.endOutput(problem))).catch(reject)
          }
        }
      }
      const say = async (): Promise<void> => {
        const reused = this.told.prompt !== null
        const goesOn = this.held.count === keep
        const back = goesOn ? Promise.resolve() : takeBack(this.control, this.held.takeBack(keep))
        if (!reused) this.tools.offer(request.tools ?? [])
        const settings = this.told.take(request, this.waits, this.promptWay, this.isExercised)
        // then the question need not wait for the answer that shows that the process is well
        const asItWas = reused && goesOn && settings[0] === anything
        // they are taken in their order, before the line that follows them: no need to wait for each
        const all = Promise.all([back, ...settings.map((setting) => this.control.request(setting))])
        all.then(() => listener.taken?.()).catch(() => undefined)
        const set = reused ? within(all, controlLimitMs, 'the process did not take its settings in time') : all
        const another = reused || this.promptWay === 'again'
        set.catch((error: unknown) => reject(another || !(error instanceof Error) ? new NotSaid(error) : error))
        if (listener.equipment !== undefined) {
          await set
          await listener.silently(equip(this.control, await listener.equipment(), request.tools !== undefined))
        }
        // words of another conversation are gone before anything of this one is said
        if (reused && !asItWas) await set
        for (const { turn, line, answered, uuid } of historyLines(request.turns.slice(keep, -1), this.mark, request, keep)) {
          this.held.add(turn, uuid)
          // but history is not: the CLI mixes up lines that it has not answered yet
          const next = answered ? new Promise<void>((done) => (taken = done)) : null
          this.child.send(line)
          await next
        }
        const last = request.turns.at(-1)
        if (last?.role !== 'user') return
        const waiting = this.called.size > 0
        // results start the next call of the API at once, and a prompt that is refused has to be said to another process
        if (!asItWas && (waiting || this.promptWay === 'again')) await set
        const uuid = waiting ? null : randomUUID()
        this.held.add(last, uuid)
        asked = true
        if (this.modelNotice !== null) return this.hear(this.modelNotice)
        listener.emit({ type: 'status', status: 'in_progress', phase: 'waiting' })
        if (waiting) this.tools.give(last.content.filter((block) => block.type === 'tool_result'))
        else this.child.send(userLine(last.content, this.mark, false, uuid ?? undefined))
      }
      say().catch(reject)
    })
  }

  /** Of a call that was to wait for the client: the CLI goes on with words of its own. What the client sends is told by another process. */
  private leaveDenied(): void {
    for (const id of this.called) if (this.failed.has(id)) return this.child.kill()
  }

  /** No turn listens any more: what the process says is dropped. */
  rest(): void {
    this.hear = () => {}
  }

  /** Resolves when the process has started up and answers. Rejects with ControlRefused; stays pending if it ends first. */
  async ready(): Promise<void> {
    await this.control.request(anything)
  }

  /** Whether it has made a turn already that no job asked for. */
  get exercised(): boolean {
    return this.isExercised
  }

  /** Makes that turn; `headers` are the user's own for the API. Rejects as `exercise` does; stays pending if the process ends first. */
  async exercise(headers: string): Promise<void> {
    const ask = (line: object): Promise<CliMessage> =>
      new Promise((resolve) => {
        this.hear = (message) => {
          if (message.type === 'result') resolve(message)
        }
        this.child.send(line)
      })
    await exercise(this.control, ask, this.mark, headers)
    this.rest()
    this.isExercised = true
    this.promptWay = 'again'
  }

  /**
   * Ends a process that has nothing more to do. It goes by force where all that it could leave is in the workspace, a login not being kept: its own way out
   * costs 60 ms of CPU. Resolves when everything is gone.
   */
  async end(): Promise<void> {
    if (this.credential !== 'login') this.child.kill()
    this.child.endInput()
    const patience = setTimeout(() => this.child.terminate(), exitGraceMs)
    await this.gone
    clearTimeout(patience)
  }
}
