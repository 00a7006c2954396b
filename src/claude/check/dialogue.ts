/**
 * A process of the check: started as jobs start theirs, and then spoken to line by line, since a probe has to see what a session does not
 * tell (the CLI's own answers to control requests, ids of turns).
 */
import { randomUUID } from 'node:crypto'
import type { ClaudeRequest, Turn } from '../../request/conversation.js'
import { chatProfile } from '../process/launch-flags.js'
import { launch } from '../process/launcher.js'
import { ClientTools } from '../protocol/client-tools.js'
import { ControlChannel } from '../protocol/control.js'
import { objectIn, textIn } from '../protocol/loose.js'
import type { CliMessage } from '../protocol/messages.js'
import { takeBack } from '../protocol/take-back.js'
import type { Session } from '../session.js'
import { historyLines, plainTextMark, userLine } from '../turn/transcript.js'
import type { Bench, Question } from './bench.js'
import type { Call } from './recorder.js'

export interface Asked {
  /** by which the turn can be taken back */
  uuid: string
  /** the `result` line */
  result: CliMessage
  /** the model calls that the question made */
  calls: readonly Call[]
  /** `uuid` of the last line of the model's; undefined where there was none */
  answerUuid: string | undefined
}

/** A CLI that takes back answers within 6 ms. One that never answers leaves time for the other probes. */
const rewindLimitMs = 4000

export class Dialogue {
  /** the client's functions and the results of their calls */
  readonly tools = new ClientTools()
  private hear: (message: CliMessage) => void = () => {}
  private ownChannel: ControlChannel | null = null
  /** rejects when the process ends, whatever it was asked then */
  private readonly ended: Promise<never>

  private constructor(
    private readonly bench: Bench,
    private readonly session: Session,
    private readonly model: string,
  ) {
    this.ended = session.gone.then(({ code, signal, spawnError, stderr }) => {
      const said = stderr.trim().slice(-200)
      throw new Error(`the process ended (${spawnError ?? signal ?? `exit code ${code}`})${said === '' ? '' : `: ${said}`}`)
    })
    this.ended.catch(() => {})
  }

  /**
   * Starts a process, gives it to `use` and kills it.
   * @throws Error: a limit was reached, or the process did something else than it should
   */
  static async with<T>(
    bench: Bench,
    request: Pick<ClaudeRequest, 'model' | 'output'>,
    use: (dialogue: Dialogue) => Promise<T>,
  ): Promise<T> {
    let started: Promise<Session> | undefined
    try {
      const session = await bench.budget.step('the start of a process', () => {
        return (started = launch(bench.setup, chatProfile(request, bench.setup.credential)))
      })
      if (session.child.pid !== undefined) bench.budget.watch(session.child.pid)
      return await use(new Dialogue(bench, session, request.model))
    } finally {
      // one that is late, or not wanted any more, is ended as well
      await started?.then(
        (session) => session.end(),
        () => {},
      )
    }
  }

  /** Says a request to the new process in the way of jobs. Resolves with the model calls; `question` is the request's last turn. */
  async converse(request: ClaudeRequest, question: Question): Promise<readonly Call[]> {
    this.bench.script(question)
    const before = this.bench.recorder.callsOf(question.marker).length
    const listener = { choice: 0, emit: () => {}, alive: () => {}, asked: () => {}, silently: <T>(work: Promise<T>) => work }
    const { outcome } = await this.step(`the answer to '${question.marker}'`, () => this.session.converse(request, 0, listener))
    if (outcome.kind === 'failed') throw new Error(`the turn failed: ${outcome.failure.message}`)
    return this.callsOf(question, before)
  }

  /** Makes the turn that a ready process makes before its first job. */
  async warmUp(): Promise<void> {
    await this.step('the turn beforehand', () => this.session.exercise(''))
  }

  /** Sends a control request. Resolves with the CLI's response. @throws ControlRefused */
  async control(request: { subtype: string; [key: string]: unknown }, limitMs?: number): Promise<Record<string, unknown>> {
    const response = await this.step(request.subtype, () => this.channel().request(request), limitMs)
    return objectIn(response) ?? {}
  }

  /** Asks a question over stdin. @throws Error where the turn fails */
  async ask(question: Question): Promise<Asked> {
    this.bench.script(question)
    const before = this.bench.recorder.callsOf(question.marker).length
    const uuid = randomUUID()
    let answerUuid: string | undefined
    const line = userLine([{ type: 'text', text: question.text }], this.mark, false, uuid)
    const result = await this.say(line, `the answer to '${question.marker}'`, (message) => {
      if (message.type === 'assistant') answerUuid = textIn(message['uuid']) ?? answerUuid
    })
    if (result['is_error'] === true) throw new Error(`the turn failed: ${textIn(result['result']) ?? 'no reason'}`)
    return { uuid, result, calls: this.callsOf(question, before), answerUuid }
  }

  /** Puts turns into the conversation without a question. Resolves with the `uuid` of each line of the user's. */
  async tell(turns: readonly Turn[]): Promise<string[]> {
    const uuids: string[] = []
    for (const { line, uuid } of historyLines(turns, this.mark, { model: this.model })) {
      if (uuid === null) this.send(line)
      else {
        uuids.push(uuid)
        await this.say(line, 'a turn of the history')
      }
    }
    return uuids
  }

  /**
   * Takes the last turn of the user's back and checks what the CLI says about it.
   * @param text what the turn said; undefined where that is not one text
   * @param leaves `uuid` of the model's line that is left before it; null: none is
   */
  async takeBack(uuid: string, text: string | undefined, leaves: string | null | undefined): Promise<void> {
    const target = { uuid, text: text ?? null, ...(leaves !== undefined && { leavesAnswer: leaves !== null }) }
    const [left] = await this.step('rewind_conversation', () => takeBack(this.channel(), [target]), rewindLimitMs)
    if (leaves !== undefined && left !== leaves) throw new Error(`the answer before it is ${left}, not ${leaves}`)
  }

  private get mark() {
    return plainTextMark(this.bench.version)
  }

  private callsOf({ marker }: Question, from: number): readonly Call[] {
    const calls = this.bench.recorder.callsOf(marker).slice(from)
    if (calls.length === 0) throw new Error(`the question '${marker}' did not reach the model`)
    return calls
  }

  /** Writes a line and resolves with the next `result`. */
  private say(line: object, what: string, also: (message: CliMessage) => void = () => {}): Promise<CliMessage> {
    return this.step(what, () => {
      const answered = new Promise<CliMessage>((resolve) => {
        this.hear = (message) => {
          also(message)
          if (message.type === 'result') resolve(message)
        }
      })
      this.send(line)
      return answered
    })
  }

  private send(line: object): void {
    this.channel()
    this.session.child.send(line)
  }

  /** The lines of the process come here from the first word that is not said in the way of jobs. */
  private channel(): ControlChannel {
    if (this.ownChannel !== null) return this.ownChannel
    const channel = new ControlChannel(this.session.child, (request) => this.tools.answer(request))
    this.session.child.listen((message) => {
      if (!channel.take(message)) this.hear(message)
    })
    return (this.ownChannel = channel)
  }

  private step<T>(what: string, work: () => Promise<T>, limitMs?: number): Promise<T> {
    return this.bench.budget.step(what, () => Promise.race([work(), this.ended]), limitMs)
  }
}
