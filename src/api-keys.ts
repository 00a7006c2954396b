/** `API_KEYS`: who may ask, and under which name each key owns its jobs. */
import { createHash } from 'node:crypto'
import { ConfigError } from './errors/config-error.js'

export interface ApiKey {
  /** owner of the jobs that this key asks for */
  name: string
  key: string
}

/** Owner of the jobs of a server without keys. */
export const anonymous = 'anonymous'

/** A key that other machines can try must not be one that they can guess. */
const shortestExposed = 16

/** Names that earlier versions gave to keys without one, by their place. */
const formerName = /^key-[1-9]\d*$/
const hashName = /^key_[0-9a-f]{16}$/

/** The name of a key without one: `key_` and the first 16 hexadecimal digits of its SHA-256. Says nothing of the key's place. */
export function nameOfKey(key: string): string {
  return `key_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
}

/** A key as it is configured: of `API_KEYS`, or of `keys` in the configuration file. */
export interface KeyEntry {
  name?: string | undefined
  key: string
}

/** Names an entry of `API_KEYS` in a message. */
const entryOfVariable = (index: number) => `API_KEYS: entry ${index + 1}`

/** `API_KEYS`: entries `key` or `name:key`, separated by commas. */
export function splitApiKeys(text: string): KeyEntry[] {
  return text.split(',').map((part) => {
    const entry = part.trim()
    const colon = entry.indexOf(':')
    return { key: entry.slice(colon + 1), ...(colon !== -1 && { name: entry.slice(0, colon) }) }
  })
}

/**
 * `exposed`: other machines reach the server, so a short key is refused.
 *
 * @throws ConfigError with one line that shows no key
 */
export function readApiKeys(text: string | undefined, exposed: boolean): readonly ApiKey[] {
  return text === undefined ? [] : checkApiKeys(splitApiKeys(text), exposed)
}

/**
 * @param place names an entry in a message
 * @throws ConfigError with one line that shows no key
 */
export function checkApiKeys(entries: readonly KeyEntry[], exposed: boolean, place = entryOfVariable): readonly ApiKey[] {
  const keys = entries.map((entry, index) => checkEntry(entry, place(index), exposed))
  const sameKey = repeated(keys.map(({ key }) => key))
  if (sameKey !== -1) throw new ConfigError(`${place(sameKey)} has a key that stands there twice`)
  const sameName = repeated(keys.map(({ name }) => name))
  if (sameName !== -1) throw new ConfigError(`${place(sameName)} has the name of an earlier entry; each key has to have a name of its own`)
  return Object.freeze(keys)
}

/** The key of `/usage` of all keys and of `/metrics`. @throws ConfigError with one line that does not show it */
export function readAdminKey(text: string | undefined, apiKeys: readonly ApiKey[]): string | undefined {
  if (text === undefined) return undefined
  if (!/^[\x21-\x7e]+$/.test(text) || text.length < shortestExposed) {
    throw new ConfigError(`ADMIN_KEY: must have ${shortestExposed} characters at least, in ASCII and without spaces (openssl rand -hex 16)`)
  }
  if (apiKeys.some(({ key }) => key === text)) throw new ConfigError('ADMIN_KEY: must be no key of API_KEYS')
  return text
}

function checkEntry({ name: given, key }: KeyEntry, place: string, exposed: boolean): ApiKey {
  const name = given ?? nameOfKey(key)
  // no header can carry a key with a space or a letter beyond ASCII: it would let no request in
  if (!/^[\x21-\x7e]+$/.test(key) || !/^[\w.-]{1,64}$/.test(name)) {
    // the value itself is a secret and never part of the message
    throw new ConfigError(`${place} must be "key" or "name:key", in ASCII and without spaces`)
  }
  if (given !== undefined) refuseTakenName(name, place)
  if (exposed && key.length < shortestExposed) {
    throw new ConfigError(
      `${place} has fewer than ${shortestExposed} characters in its key, and other machines reach this HOST; ` +
        'use a key such as `openssl rand -hex 16` makes',
    )
  }
  return { name, key }
}

/** A name that may be another owner's gives no way into that owner's jobs. */
function refuseTakenName(name: string, place: string): void {
  if (name === anonymous) {
    throw new ConfigError(`${place} must have another name: "${anonymous}" owns the jobs of a server without keys`)
  }
  if (hashName.test(name)) {
    throw new ConfigError(`${place} must have another name: keys without a name are known by names of this form`)
  }
  if (formerName.test(name)) {
    throw new ConfigError(
      `${place} must have another name, in the same place: earlier versions gave names of this form to keys without one`,
    )
  }
}

/** Place of the first value that stands there for the second time; -1 where none does. */
function repeated(values: readonly string[]): number {
  return values.findIndex((value, index) => values.indexOf(value) < index)
}

/** An owner that earlier versions knew by its key's place in `API_KEYS`, and the name of that key now. */
export interface OwnerMove {
  from: string
  to: string
}

/** One for each entry without a name: the `n`th was `key-<n>`. */
export function movesFromPlaces(keys: readonly ApiKey[]): OwnerMove[] {
  return keys.flatMap(({ name, key }, index) => (name === nameOfKey(key) ? [{ from: `key-${index + 1}`, to: name }] : []))
}
