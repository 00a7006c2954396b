/** An executor without a CLI: says so many words and is done. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { ClaudeRequest } from '../src/request/conversation.js'
import type { Execution, Executor, Outcome, Run } from '../src/jobs/executor.js'

/** What a job does: some events, so many at once, with a pause behind each lot. */
export interface Script {
  events: number
  lot: number
  pauseMs: number
}

/** The text of each event. */
export const word = ' word'

export class ScriptExecutor implements Executor {
  run(run: Run): Execution {
    const outcome = this.play(run).catch((): Outcome => ({ kind: 'aborted' }))
    return { outcome, gone: outcome.then(() => undefined) }
  }

  /** Rejects where the run is aborted in a pause. */
  private async play(run: Run): Promise<Outcome> {
    const { request, choice, signal } = run
    // in the member that no executor reads
    const { script } = (request as ClaudeRequest).response as { script: Script }
    for (let said = 0; said < script.events; said += script.lot) {
      for (let count = 0; count < script.lot; count++) run.emit({ type: 'text', choice, text: word })
      if (script.pauseMs === 0) await nextTurn(undefined, { signal })
      else await sleep(script.pauseMs, undefined, { signal })
    }
    return { kind: 'finished', reason: 'stop' }
  }
}
