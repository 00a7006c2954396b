/** The record of a made key -> the key. A record that no version has written shuts its key out, and no other. */
import type { MadeKey } from './keys.js'

type Is = (value: unknown) => boolean

const isText: Is = (value) => typeof value === 'string'
const isTime: Is = Number.isSafeInteger
const isDigest: Is = (value) => isText(value) && /^[0-9a-f]{64}$/.test(value as string)
const orNull =
  (is: Is): Is =>
  (value) =>
    value === null || is(value)
const isTexts: Is = (value) => Array.isArray(value) && value.every(isText)
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isLimits: Is = (value) => isObject(value) && Object.values(value).every((one) => Number.isFinite(one) && (one as number) >= 0)

const members: Record<Exclude<keyof MadeKey, 'id' | 'damaged'>, Is> = {
  name: isText,
  digest: isDigest,
  previous: orNull((value) => isObject(value) && isDigest(value['digest']) && Number.isFinite(value['until'])),
  admin: (value) => typeof value === 'boolean',
  models: orNull(isTexts),
  mcpServers: orNull(isTexts),
  tools: orNull(isTexts),
  priority: Number.isSafeInteger,
  limits: isLimits,
  createdAt: isTime,
  revokedAt: orNull(isTime),
}

/** @param id where the record stands: what is left of a key whose record cannot be read */
export function keyOfRecord(id: string, record: unknown): MadeKey {
  const key = parsed(record)
  const isWhole = isObject(key) && key['id'] === id && Object.entries(members).every(([name, is]) => is(key[name]))
  return isWhole ? (key as unknown as MadeKey) : damaged(id)
}

function parsed(record: unknown): unknown {
  try {
    return typeof record === 'string' ? JSON.parse(record) : undefined
  } catch {
    return undefined
  }
}

/** What it may do is not known, so that it may do nothing: as a key that was revoked. Nothing has a digest of zeros. */
function damaged(id: string): MadeKey {
  return {
    ...{ id, name: id, digest: '0'.repeat(64), previous: null, admin: false, models: [], mcpServers: [], tools: [], priority: 1 },
    ...{ limits: {}, createdAt: 0, revokedAt: 0, damaged: true },
  }
}
