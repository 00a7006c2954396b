/** This server among those on the same Redis. */
import { randomBytes } from 'node:crypto'
import type { RedisConnection } from '../jobs/redis/connection.js'
import { pipelined } from '../jobs/redis/pipeline.js'
import { claimMembers, claimOf } from '../jobs/redis/claim.js'
import type { Progress } from '../jobs/progress.js'
import type { Claimed, News, ReplicaListener, Replicas } from '../jobs/replicas.js'
import { nextInOrder } from '../jobs/sequence.js'
import { statuses } from '../jobs/status.js'
import { Clients } from './clients.js'
import { LaneCounts } from './lane-counts.js'
import { place, predecessor } from './predecessor.js'
import { Rounds } from './rounds.js'
import { Subscriptions } from './subscriptions.js'
import { type LaneRoom, Tickets, lastTurn } from './tickets.js'

export interface ReplicasOptions {
  connection: RedisConnection
  /** this server's own, and locked by it; left out: nothing is known of a server before */
  dataDir?: string
  /** providers come and go with the configuration */
  lanes(): readonly LaneRoom[]
  /** jobs of an owner that may be at work; undefined: no bound */
  runningOf(owner: string): number | undefined
  /** turns of an owner in a row where others wait, 1 to 10 */
  turnsOf(owner: string): number
  /** The made keys have changed. */
  onKeys(): void
  onTrouble(message: string, error: unknown): void
}

/** Milliseconds. */
const beatEveryMs = 500
const sweepEveryMs = 5000
/** A server that does not say that it is at work for so long is dead. */
const aliveMs = 15_000
/** How far an owner's next job stands behind its last one, in the line. */
const step = 20
/** The lane of jobs whose provider no server has any more: any server tells them so. See `Places`. */
const spareLane = 'spare'
/** Tickets that a sweep makes at most. */
const mostMade = 500

export class RedisReplicas implements Replicas {
  readonly id = randomBytes(6).toString('hex')
  private readonly tickets: Tickets
  private readonly subscriptions: Subscriptions
  private readonly waiting: Clients
  private readonly rounds: Rounds
  private readonly lanes: LaneCounts
  private keysVersion: string | null = null
  private listener: ReplicaListener | null = null

  constructor(private readonly options: ReplicasOptions) {
    const { connection } = options
    const onTrouble = (message: string, error: unknown) => options.onTrouble(message, error)
    const lanes = () => options.lanes()
    const take = (id: string, turn: number, begun: () => void) => this.take(id, turn, begun)
    const again = (id: string) => this.ticketAgain(id)
    this.tickets = new Tickets({ redis: connection.redis, prefix: connection.prefix, replica: this.id, lanes, take, again, onTrouble })
    this.lanes = new LaneCounts(connection, () => this.laneNames())
    this.subscriptions = new Subscriptions(connection.subscriber, onTrouble)
    this.waiting = new Clients(connection, this.id, onTrouble)
    this.rounds = new Rounds(onTrouble)
    this.rounds.every(beatEveryMs, 'it could not be said that this server is at work', () => this.beat())
  }

  async start(listener: ReplicaListener): Promise<void> {
    this.listener = listener
    this.lanes.onCounted = (lane, asOf) => listener.counted(lane, asOf)
    await this.beat()
    await this.takeUpOwn()
    this.subscriptions.listen(this.key('offered'), () => this.tickets.look())
    this.subscriptions.listen(this.key('cancel'), (id) => listener.cancel(id))
    await this.tickets.start()
    // what an earlier server has left does not wait for a turn
    await this.findLost()
    this.rounds.every(sweepEveryMs, 'jobs could not be looked through', () => this.sweep())
  }

  async stopTaking(): Promise<void> {
    this.tickets.stop()
  }

  async offer({ id, owner, view: { lane = 'process' } }: Parameters<Replicas['offer']>[0]): Promise<void> {
    const bound = this.options.runningOf(owner)
    if (bound !== undefined && (await this.run('enterGate', id, owner, bound)) === 0) return
    await this.ticket(id, owner, lane)
  }

  async claim(id: string, statuses: Parameters<Replicas['claim']>[1]): Promise<Claimed | null> {
    const found = await this.run('claim', id, this.id, `|${statuses.join('|')}|`, ...claimMembers)
    return found === null ? null : claimOf(id, found as string[])
  }

  async release({ id, owner }: Parameters<Replicas['release']>[0], fence: number): Promise<void> {
    if ((await this.run('release', id, fence)) === 0) return
    const bound = this.options.runningOf(owner)
    if (bound === undefined) return
    const next = (await this.run('leaveGate', id, owner, bound)) as string[]
    for (const other of next) await this.ticketAgain(other)
  }

  follow(id: string, wake: (news: News) => void): () => void {
    return this.subscriptions.listen(this.key(`log:${id}`), (said) => wake(isNews(said) ? said : 'missed'))
  }

  askToCancel = async (id: string): Promise<void> => void (await this.run('askToCancel', id))
  expectClient = (id: string): Promise<void> => this.waiting.lease(id)
  holdClient = (id: string): Promise<void> => this.waiting.hold(id)
  letGoClient = (id: string): Promise<boolean> => this.waiting.letGo(id)
  isClientless = (id: string): Promise<boolean> => this.waiting.none(id)

  async progressOf(ids: readonly string[]): Promise<Map<string, Progress>> {
    const found = await pipelined<string, string | null>(this.options.connection, ids, (pipeline, id) =>
      pipeline.hget(this.key(`job:${id}`), 'progress'),
    )
    return new Map(ids.flatMap((id, at) => (found[at] == null ? [] : [[id, JSON.parse(found[at]) as Progress] as const])))
  }

  async saidOf(id: string): Promise<number> {
    const [bytes, answerBytes, request] = await Promise.all([
      ...['bytes', 'answerBytes'].map((member) => this.options.connection.commands.hget(this.key(`job:${id}`), member)),
      this.options.connection.commands.strlen(this.key(`request:${id}`)),
    ])
    return Number(bytes ?? 0) - Number(answerBytes ?? 0) - Number(request)
  }

  queued = (lane: string): number => this.lanes.of(lane)
  count = (): Promise<void> => this.lanes.count()
  countQueued = (lane: string, owner: string): Promise<number> => this.lanes.countFor(lane, owner)

  async isTurnOf(work: string, ms: number): Promise<boolean> {
    return (await this.options.connection.commands.set(this.key(`turn-of:${work}`), this.id, 'PX', ms, 'NX')) === 'OK'
  }

  /** Tells all servers, this one included; those that are away do not hear it. */
  async say(channel: string, message: string): Promise<void> {
    await this.options.connection.commands.publish(this.key(`say:${channel}`), message)
  }

  hear(channel: string, listener: (message: string) => void): void {
    this.subscriptions.listen(this.key(`say:${channel}`), (message) => message !== '' && listener(message))
  }

  async close(): Promise<void> {
    this.waiting.close()
    await this.rounds.close()
    await this.tickets.close()
    // others need not wait until its lease has run out
    await this.options.connection.commands.del(this.key(`replica:${this.id}`)).catch(() => undefined)
  }

  get clients(): number {
    return this.waiting.jobs
  }

  /** Whether the job is to be put into the line again. */
  private async take(id: string, turn: number, begun: () => void): Promise<boolean> {
    await this.run('turnTaken', turn)
    const claimed = await this.claim(id, ['queued', 'in_progress'])
    return claimed !== null && this.listener!.run(claimed, begun)
  }

  /** @throws what Redis says */
  private async ticket(id: string, owner: string, lane: string, format?: number): Promise<void> {
    const steps = Math.ceil(step / this.options.turnsOf(owner))
    const [turn, served] = (await this.run('turn', owner, steps, lastTurn, lane)) as [number, number]
    await this.tickets.add(id, served === 1 ? lane : spareLane, format ?? (await this.formatOf(id)), turn)
    await this.options.connection.commands.publish(this.key('offered'), lane)
  }

  private async ticketAgain(id: string): Promise<void> {
    const [owner, lane, format] = await this.options.connection.commands.hmget(this.key(`job:${id}`), 'owner', 'lane', 'format')
    if (owner != null && lane != null) await this.ticket(id, owner, lane, Number(format))
  }

  private async formatOf(id: string): Promise<number> {
    return Number(await this.options.connection.commands.hget(this.key(`job:${id}`), 'format'))
  }

  private laneNames(): string[] {
    return this.options.lanes().map(({ name }) => name)
  }

  private async beat(): Promise<void> {
    const names = this.laneNames()
    const asOf = nextInOrder()
    const [clock, keys, ...waiting] = (await this.run('beat', this.id, aliveMs, place, ...names)) as string[]
    this.options.connection.told(Number(clock))
    this.lanes.counted(names, asOf, waiting.map(Number))
    const changed = this.keysVersion !== null && this.keysVersion !== keys
    this.keysVersion = keys!
    if (changed) this.options.onKeys()
    await this.tickets.openLines()
  }

  private async sweep(): Promise<void> {
    if (!(await this.isTurnOf('sweep', sweepEveryMs - 100))) return
    await this.findLost()
    await this.listener!.sweep()
  }

  /** What the server before on this directory had is free. */
  private async takeUpOwn(): Promise<void> {
    const { dataDir } = this.options
    const before = dataDir === undefined ? null : await predecessor(dataDir, this.id)
    if (before === null) return
    const had = (await this.run('buried', before, place, this.tickets.keyPrefix)) as [string, string, string][]
    for (const [id, format, lane] of had) {
      for (const each of new Set([lane, spareLane])) await this.tickets.remove(id, each, Number(format))
    }
  }

  /** Jobs that no server runs and that are in no line get into one. */
  private async findLost(): Promise<void> {
    const lost = (await this.run('withoutTicket', this.tickets.keyPrefix, mostMade, spareLane)) as string[]
    for (const id of lost) await this.offerAgain(id)
  }

  /** What may not go into the line yet stays where it waits. */
  private async offerAgain(id: string): Promise<void> {
    const owner = await this.options.connection.commands.hget(this.key(`job:${id}`), 'owner')
    const bound = owner === null ? undefined : this.options.runningOf(owner)
    if (bound !== undefined && (await this.run('enterGate', id, owner!, bound)) === 0) return
    await this.ticketAgain(id)
  }

  private run(...given: Parameters<RedisConnection['run']>): Promise<unknown> {
    return this.options.connection.run(...given)
  }

  private key(name: string): string {
    return this.options.connection.key(name)
  }
}

/** A server of another version may say something else. */
function isNews(said: string): said is News {
  return said === 'pieces' || said === 'gone' || statuses.some((status) => status === said)
}
