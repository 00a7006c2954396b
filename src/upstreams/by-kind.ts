import type { Executor, Run } from '../jobs/executor.js'

/** Hands each run to the executor of its request's `kind`. */
export function byKind(executors: Record<string, Executor>): Executor {
  return {
    run(run: Run) {
      const { kind } = run.request as { kind: string }
      const executor = Object.hasOwn(executors, kind) ? executors[kind] : undefined
      if (executor === undefined) throw new TypeError(`there is nothing that runs a request of the kind ${kind}`)
      return executor.run(run)
    },
  }
}
