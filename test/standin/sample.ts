/** A value that satisfies a JSON schema in a simple manner, with words of the user's text where they fit. */

import { asSchema, resolve, type Schema } from './schema-reference.js'

/** Depth at which optional parts are left out, so that recursive schemas end. */
const maxDepth = 6

/**
 * @param text what the user said; names, numbers and places are looked up in it
 * @returns a value for the keywords in common use; `pattern`, `not` and conditions are not understood
 */
export function sampleOf(schema: Schema, text = ''): unknown {
  return sample(schema, { root: schema, text, name: '', depth: 0 })
}

interface Place {
  root: Schema
  text: string
  /** the property being filled */
  name: string
  depth: number
}

function sample(given: unknown, place: Place): unknown {
  const schema = resolve(given, place.root)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return pickNamed(schema['enum'], place.text)
  if ('default' in schema) return schema['default']
  if (Array.isArray(schema['examples']) && schema['examples'].length > 0) return schema['examples'][0]
  for (const key of ['anyOf', 'oneOf']) {
    const choices = schema[key]
    if (Array.isArray(choices)) return sample(choices.find((choice) => !isNull(choice)) ?? choices[0], place)
  }
  switch (typeOf(schema)) {
    case 'object':
      return sampleObject(schema, place)
    case 'array':
      return sampleArray(schema, place)
    case 'integer':
    case 'number':
      return sampleNumber(schema, place)
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return sampleString(schema, place)
  }
}

function sampleObject(schema: Schema, place: Place): Record<string, unknown> {
  const properties = asSchema(schema['properties'])
  const required = (schema['required'] as string[] | undefined) ?? []
  const names = required.length > 0 || place.depth >= maxDepth ? required : Object.keys(properties)
  const entries = names.map((name) => [name, sample(properties[name], { ...place, name, depth: place.depth + 1 })] as const)
  return Object.fromEntries(entries)
}

function sampleArray(schema: Schema, place: Place): unknown[] {
  if (Array.isArray(schema['prefixItems'])) return schema['prefixItems'].map((item) => sample(item, place))
  const least = numberOf(schema['minItems']) ?? 0
  const length = place.depth >= maxDepth ? least : Math.max(least, Math.min(1, numberOf(schema['maxItems']) ?? 1))
  return Array.from({ length }, () => sample(schema['items'], { ...place, depth: place.depth + 1 }))
}

function sampleNumber(schema: Schema, place: Place): number {
  const whole = typeOf(schema) === 'integer'
  const least = numberOf(schema['minimum']) ?? increased(numberOf(schema['exclusiveMinimum']), whole)
  const most = numberOf(schema['maximum']) ?? increased(numberOf(schema['exclusiveMaximum']), whole, -1)
  const named = new RegExp(`\\b${escape(place.name)}\\W{1,3}(?:is |of )?(-?\\d+(?:\\.\\d+)?)`, 'i').exec(place.text)?.[1]
  const said = Number(named ?? /-?\d+(?:\.\d+)?/.exec(place.text)?.[0] ?? 1)
  const value = Math.min(Math.max(whole ? Math.trunc(said) : said, least ?? -Infinity), most ?? Infinity)
  const step = numberOf(schema['multipleOf'])
  return step === undefined ? value : Math.ceil(value / step) * step
}

function increased(bound: number | undefined, whole: boolean, sign = 1): number | undefined {
  return bound === undefined ? undefined : bound + sign * (whole ? 1 : 0.5)
}

const formats: Record<string, string> = {
  'date-time': '2025-01-01T12:00:00Z',
  date: '2025-01-01',
  time: '12:00:00Z',
  duration: 'PT1H',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  'uri-reference': '/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function sampleString(schema: Schema, place: Place): string {
  const format = formats[String(schema['format'])]
  if (format !== undefined) return format
  const value = quotedAfter(place) ?? guess(place.name, place.text)
  const padded = value.padEnd(numberOf(schema['minLength']) ?? 0, '.')
  return [...padded].slice(0, numberOf(schema['maxLength'])).join('')
}

function quotedAfter({ name, text }: Place): string | undefined {
  return name === '' ? undefined : new RegExp(`\\b${escape(name)}\\W{1,3}(?:is |of )?["'“]([^"'”]+)["'”]`, 'i').exec(text)?.[1]
}

function guess(name: string, text: string): string {
  if (/city|location|place|town|country|region/i.test(name)) {
    return /\b(?:in|for|at|of|to|from)\s+(\p{Lu}[\p{L}-]*(?:\s\p{Lu}[\p{L}-]*)*)/u.exec(text)?.[1] ?? 'Paris'
  }
  if (/query|question|text|message|prompt|expression|input|content/i.test(name) && text !== '') return text
  if (/url|link/i.test(name)) return 'https://example.com/'
  if (/path|file/i.test(name)) return /[\w./-]+\.\w+/.exec(text)?.[0] ?? '.'
  if (/unit/i.test(name)) return 'celsius'
  return name === '' ? 'sample' : `sample ${name}`
}

function pickNamed(choices: readonly unknown[], text: string): unknown {
  return choices.find((choice) => typeof choice === 'string' && text.toLowerCase().includes(choice.toLowerCase())) ?? choices[0]
}

function typeOf(schema: Schema): string {
  const type = schema['type']
  if (Array.isArray(type)) return String(type.find((name) => name !== 'null') ?? 'null')
  if (typeof type === 'string') return type
  if ('properties' in schema || 'required' in schema) return 'object'
  return 'items' in schema ? 'array' : 'string'
}

function isNull(schema: unknown): boolean {
  return asSchema(schema)['type'] === 'null'
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
