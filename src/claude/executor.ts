/**
 * Runs jobs on the Claude CLI: finds or starts a process, says the request to it, and gives one outcome. Knows how a run ends, not
 * what is said (`session.ts`) nor how a process is started (`launcher.ts`).
 */
import type { Limiter } from '../limiter.js'
import type { Execution, Executor, Outcome, Run } from '../jobs/executor.js'
import type { ClaudeRequest } from '../request/conversation.js'
import { Inside } from './turn/inside.js'
import { CannotLaunch } from './process/launcher.js'
import type { Exit } from './process/process.js'
import { type LaunchProfile, chatProfile } from './process/launch-flags.js'
import { redact } from '../redact.js'
import { unlessCalled, withinOrAborted } from './patience.js'
import type { Session } from './session.js'
import type { ClaudeSetup } from './setup.js'
import { NotSaid } from './turn/listener.js'
import { failed, isForeseen, outcomeOfExit, refusedEnding } from './turn/run-failure.js'
import { AnswerSoFar } from './turn/answer-so-far.js'
import type { Ending } from './turn/ending.js'
import { type Found, tracedFind } from './pool/found.js'
import { Sessions } from './pool/sessions.js'
import type { PoolStats } from './pool/warm-pool.js'

/** Processes for one run: what kills one of them may kill every one, the system's memory limit above all. */
const maxTries = 3

/** A cold start takes half a second, on a machine that is too busy many times as long. */
const startLimitMs = 60_000
/** A process that waited may be stopped, or hang. One that is well takes its settings within a tenth of a second, however long the model takes then. */
const frozenLimitMs = 5000
/** For one that was never going to start, the client need not wait as long as its job might take. */
const checkPatienceMs = 30_000

export class ClaudeExecutor implements Executor<ClaudeRequest> {
  private readonly sessions: Sessions

  constructor(private readonly setup: ClaudeSetup) {
    this.sessions = new Sessions(setup, this.startLimitMs)
  }

  private get startLimitMs(): number {
    return this.setup.startLimitMs ?? startLimitMs
  }

  run(run: Run<ClaudeRequest>): Execution {
    this.setup.begin?.()
    let settle!: (outcome: Outcome) => void
    const outcome = new Promise<Outcome>((resolve) => (settle = resolve))
    const gone = this.execute(run, settle)
      // nothing of a run may end the server: what was not foreseen is the run's failure
      .catch((error: unknown) => {
        if (error instanceof CannotLaunch) {
          settle(failed('claude_unavailable', `The Claude CLI cannot be started: ${error.message}.`))
        } else {
          run.trouble?.('a run of the Claude CLI failed in a way that was not foreseen', error)
          settle(failed('internal_error', `The run could not be made: ${redact(String(error))}`))
        }
      })
    outcome
      .then((value) => {
        if (value.kind === 'finished') this.setup.subscription?.succeeded(run.request.model)
        this.setup.observe(value, run.owner, run.jobId)
      })
      .catch((error: unknown) => run.trouble?.('the outcome of a run could not be noted', error))
    return { outcome, gone }
  }

  /** Starts a process for a model before a job asks for it. */
  prepare(model: string): void {
    this.sessions.prepare(chatProfile({ model }, this.setup.credential))
  }

  get stats(): PoolStats & { enabled: boolean; parked: number } {
    return this.sessions.stats
  }

  /** How many processes there may be. */
  get maxProcesses(): number {
    return this.sessions.maxProcesses
  }

  /** A task is forgotten: so are its words in processes. */
  forget(task: string): void {
    this.sessions.forget(task)
  }

  /** An owner's key was revoked: no process goes on with a conversation of theirs. */
  forgetOwner(owner: string): void {
    this.sessions.forgetOwner(owner)
  }

  /** Ends every process that is not at work. */
  close(): Promise<void> {
    return this.sessions.close()
  }

  private async execute(run: Run<ClaudeRequest>, settle: (outcome: Outcome) => void): Promise<void> {
    if (!(await hasPlace(run, this.setup.places))) return settle({ kind: 'aborted' })
    const { request } = run
    const refusal = this.setup.subscription?.refusal(request.model) ?? null
    if (refusal !== null) return settle({ kind: 'failed', failure: refusal })
    const profile = chatProfile(request, this.setup.credential)
    if (this.setup.checked !== undefined) await run.seat.silently(withinOrAborted(this.setup.checked, checkPatienceMs, run.signal))
    if (request.inside !== undefined && this.setup.inside === undefined) throw new Error('this executor has no tools to give')
    for (let tries = 1; ; tries++) {
      const found = await tracedFind(run.span, this.sessions.find(run, request, profile, tries === 1))
      if (found === null) return settle({ kind: 'aborted' })
      const again = await this.runOn(found, run, request, profile, settle, tries < maxTries).catch(async (error: unknown) => {
        // a fault of ours: the process is not to outlive its run, nor to keep others from starting
        found.started()
        await found.session.end()
        throw error
      })
      if (!again) return
    }
  }

  /** One process's part in a run. Resolves when it is gone or parked; true if the run has to be made again on another. */
  private async runOn(
    found: Found,
    run: Run<ClaudeRequest>,
    request: ClaudeRequest,
    profile: LaunchProfile,
    settle: (outcome: Outcome) => void,
    mayTryAgain: boolean,
  ): Promise<boolean> {
    const { session, keep, fresh, started } = found
    let over = false
    /** another process may take the run: nothing of this one counts any more */
    let left = false
    const said = new AnswerSoFar()
    const decide = (outcome: Outcome) => {
      over = true
      settle(outcome)
    }
    const abort = () => {
      decide({ kind: 'aborted' })
      session.child.terminate()
    }
    run.signal.addEventListener('abort', abort, { once: true })
    if (run.signal.aborted) abort()

    const inside = this.insideOf(run, request, session, (message) => {
      decide(failed('workspace_limit_exceeded', message))
      session.child.kill()
    })
    const servers = inside === null ? 0 : (this.setup.inside?.startTimeoutMs() ?? 0)
    const silent = setTimeout(() => {
      const seconds = (this.startLimitMs + servers) / 1000
      decide(failed('claude_unavailable', `The Claude CLI gave no sign of life within ${seconds} s.`))
      session.child.kill()
    }, this.startLimitMs + servers)
    // the last one there is has the time of a start
    const notFrozen = fresh || !mayTryAgain ? () => {} : unlessCalled(this.setup.frozenLimitMs ?? frozenLimitMs, () => session.child.kill())
    const { outputProblem } = this.setup
    const answered = session.converse(request, keep, {
      choice: run.choice,
      alive: () => {
        clearTimeout(silent)
        run.alive()
      },
      taken: notFrozen,
      asked: started,
      silently: (work) => run.seat.silently(work),
      limit: (event) => this.setup.subscription?.note(request.model, event),
      cutBy: () => run.cutBy?.() ?? null,
      // also of a process that the run leaves for another one
      spent: (charge) => run.spent?.(charge),
      ...(outputProblem && {
        outputProblem: (schema, value) => outputProblem(schema, value, { owner: run.owner, signal: run.signal }),
      }),
      ...(inside !== null && { equipment: () => inside.equipment() }),
      emit: (event) => {
        if (left) return
        said.add(event)
        run.emit(event)
      },
    })
    const refused = (error: unknown): Ending | 'refused' => {
      if (!isForeseen(error) && !over) run.trouble?.('a request could not be said to the Claude CLI', error)
      return error instanceof NotSaid && mayTryAgain ? 'refused' : refusedEnding(error)
    }
    const first = await Promise.race([answered.catch(refused), session.gone])
    // an answer that was whole before its process went is the answer
    const ending = session.isChecking ? await answered.catch(refused) : first
    left = true
    clearTimeout(silent)
    notFrozen()
    started()
    if (ending === 'refused') {
      // nothing was asked yet; another process takes it
      run.signal.removeEventListener('abort', abort)
      this.sessions.refused(found, profile)
      await inside?.end(false)
      await session.end()
      return !over
    }
    if (inside !== null && isEnding(ending)) {
      // before the end is told, its files are there and nothing else of it is
      const files = await inside.end(!over)
      run.signal.removeEventListener('abort', abort)
      if (!over && files.length > 0) run.emit({ type: 'files', choice: run.choice, files })
      if (!over) decide(ending.outcome)
      return false
    }
    run.signal.removeEventListener('abort', abort)
    if (!isEnding(ending)) {
      // killed from outside, or dead before it was asked: where nothing was said, another process can answer
      const retry = mayTryAgain && !over && !said.any && (!fresh || ending.signal !== null)
      if (!retry) decide(outcomeOfExit(ending, session.workspace.root))
      return retry
    }
    const inTime = !over
    if (inTime) decide(ending.outcome)
    if (ending.kill) session.child.kill()
    else if (inTime && isWhole(ending.outcome) && this.sessions.keep(found, run.jobId, request, said)) {
      // the slot is held until what made room for it has gone
      await this.sessions.settled()
      return false
    }
    await session.end()
    return false
  }

  private insideOf(
    run: Run<ClaudeRequest>,
    { inside }: ClaudeRequest,
    session: Session,
    onExceeded: (message: string) => void,
  ): Inside | null {
    if (inside === undefined || this.setup.inside === undefined) return null
    return new Inside(this.setup.inside, run, inside, session, onExceeded)
  }
}

/** Only after an answer that came to its own end has the process heard what the client has. */
function isWhole(outcome: Outcome): boolean {
  return outcome.kind === 'finished' && (outcome.reason === 'tool_calls' || outcome.reason === 'stop')
}

/** False where the run is aborted before it has one. */
async function hasPlace({ seat, signal }: Run<ClaudeRequest>, places: Limiter | undefined): Promise<boolean> {
  if (places !== undefined) await seat.take(places).catch(() => undefined)
  return !signal.aborted
}

function isEnding(value: Ending | Exit): value is Ending {
  return 'outcome' in value
}
