/** Makes, changes, rotates and revokes keys: in the store first, then in the ring. One change at a time, so that no name is given twice. */
import { BridgeError } from '../errors/catalogue.js'
import { refuse } from '../errors/refuse.js'
import type { KeyStore, MadeKey } from '../jobs/keys.js'
import type { KeyChange, NewKey } from './bodies.js'
import type { KeyRing } from './ring.js'
import { digestOf, newKey, newKeyId } from './secret.js'

export interface KeyAdminOptions {
  ring: KeyRing
  store: KeyStore
  /** names that own jobs in other ways: those of `API_KEYS` */
  otherNames: () => readonly string[]
  /** A key is revoked, in the store as well: ends what goes on for its owner. */
  onRevoked(id: string): Promise<void>
  /** What a key may use is another than before. */
  onChanged?(): void
}

/** A key, which is told once, and what is kept of it. */
export interface Issued {
  secret: string
  key: MadeKey
}

export class KeyAdmin {
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: KeyAdminOptions) {}

  /** @throws BridgeError invalid_value for a name that is taken */
  make(asked: NewKey): Promise<Issued> {
    return this.inTurn(async () => {
      const { ring } = this.options
      this.checkName(asked.name)
      const names = new Set([...this.options.otherNames(), ...ring.all.map(({ name }) => name)])
      const id = newKeyId((one) => ring.of(one) !== null || names.has(one))
      const secret = newKey(id)
      const digest = digestOf(secret).toString('hex')
      const key: MadeKey = { ...asked, id, digest, previous: null, createdAt: Date.now(), revokedAt: null }
      return { secret, key: await this.put(key) }
    })
  }

  /** @throws BridgeError key_not_found; invalid_value for a name that is taken; invalid_request for a key that is revoked */
  change(id: string, { limits, ...members }: KeyChange): Promise<MadeKey> {
    return this.inTurn(async () => {
      const key = this.valid(id)
      if (members.name !== undefined && members.name !== key.name) this.checkName(members.name)
      const changed = await this.put({ ...key, ...members, limits: limits === undefined ? key.limits : limits(key.limits) })
      this.options.onChanged?.()
      return changed
    })
  }

  /** A new key in place of the old one, which is taken for `graceS` more seconds. @throws as {@link change} */
  rotate(id: string, graceS: number): Promise<Issued> {
    return this.inTurn(async () => {
      const key = this.valid(id)
      const secret = newKey(id)
      const previous = graceS === 0 ? null : { digest: key.digest, until: Date.now() + graceS * 1000 }
      return { secret, key: await this.put({ ...key, digest: digestOf(secret).toString('hex'), previous }) }
    })
  }

  /** Resolves when nothing goes on for its owner any more; a second call is the same. @throws BridgeError key_not_found */
  async revoke(id: string): Promise<void> {
    await this.inTurn(async () => {
      const key = this.known(id)
      if (key.revokedAt === null) await this.put({ ...key, revokedAt: Date.now() })
    })
    await this.options.onRevoked(id)
  }

  /** @throws BridgeError key_not_found */
  known(id: string): MadeKey {
    const key = this.options.ring.of(id)
    if (key === null) throw new BridgeError('key_not_found', `There is no key \`${id.slice(0, 80)}\`.`)
    return key
  }

  private valid(id: string): MadeKey {
    const key = this.known(id)
    if (key.revokedAt !== null) throw new BridgeError('invalid_request', `The key \`${id}\` is revoked: make another one.`)
    return key
  }

  /** Names of `API_KEYS`, names and ids of made keys are one space: a name says whose the jobs are. */
  private checkName(name: string): void {
    const { ring, otherNames } = this.options
    if (ring.valid.some((key) => key.name === name)) throw refuse('invalid_value', 'name', 'another key has this name')
    if (otherNames().includes(name)) throw refuse('invalid_value', 'name', 'an entry of API_KEYS has this name')
    if (ring.of(name) !== null) throw refuse('invalid_value', 'name', 'it is the id of a key')
  }

  private async put(key: MadeKey): Promise<MadeKey> {
    await this.options.store.put(key)
    this.options.ring.put(key)
    return key
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work)
    this.last = done.catch(() => undefined)
    return done
  }
}
