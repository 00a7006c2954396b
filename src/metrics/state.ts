/** What is looked up when the metrics are read: queue, slots, processes. Costs nothing in between. */
import { Counter, Gauge, type Registry } from 'prom-client'

export interface State {
  queued: number
  maxQueued: number
  running: number
  slots: number
  warm: { ready: number; starting: number; parked: number }
  /** of the subscription behind the CLI's login */
  limits: readonly { type: string; status: string; utilization: number | null; resetsAt: number | null }[]
  /** CLI processes that live now, and all that were ever started */
  processes: { live: number; started: number }
  /** lines of theirs that were no messages, by kind */
  oddLines: Readonly<Record<string, number>>
}

export function stateMetrics(register: Registry, state: () => State): void {
  const gauge = (name: string, help: string, value: (state: State) => number) =>
    new Gauge({
      ...{ name, help, registers: [register] },
      collect() {
        this.set(value(state()))
      },
    })
  gauge('bridge_queue_length', 'Jobs that wait for a slot', ({ queued }) => queued)
  gauge('bridge_queue_limit', 'Jobs that may wait before requests are refused', ({ maxQueued }) => maxQueued)
  gauge('bridge_slots_in_use', 'Runs at work', ({ running }) => running)
  gauge('bridge_slots', 'Runs that may be at work at once', ({ slots }) => slots)
  gauge('bridge_cli_processes', 'CLI processes that live', ({ processes }) => processes.live)
  new Gauge({
    name: 'bridge_warm_processes',
    help: 'CLI processes that wait for work: ready, starting, or parked with a conversation',
    labelNames: ['state'],
    registers: [register],
    collect() {
      for (const [name, count] of Object.entries(state().warm)) this.set({ state: name }, count)
    },
  })
  const ofLimits = (name: string, help: string, value: (limit: State['limits'][number]) => number | null) =>
    new Gauge({
      ...{ name, help, labelNames: ['type'], registers: [register] },
      collect() {
        this.reset()
        for (const limit of state().limits) {
          const found = value(limit)
          if (found !== null) this.set({ type: limit.type }, found)
        }
      },
    })
  ofLimits('bridge_subscription_utilization', "What is used of the subscription's limits, 1 for all", ({ utilization }) => utilization)
  ofLimits('bridge_subscription_reset_seconds', 'When they begin anew, in seconds since 1970', ({ resetsAt }) => resetsAt)
  ofLimits('bridge_subscription_rejected', '1 where the limit was met', ({ status }) => Number(status === 'rejected'))
  new Counter({
    name: 'bridge_cli_starts_total',
    help: 'CLI processes started, for work or to be kept ready',
    registers: [register],
    collect() {
      this.reset()
      this.inc(state().processes.started)
    },
  })
  new Counter({
    name: 'bridge_cli_odd_lines_total',
    help: "Lines of CLI processes that are none of the CLI's messages",
    labelNames: ['kind'],
    registers: [register],
    collect() {
      this.reset()
      for (const [kind, count] of Object.entries(state().oddLines)) this.inc({ kind }, count)
    },
  })
}
