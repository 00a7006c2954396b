/** The request's `validation` -> the checks to run, or a 400 that names the known types and parameters. */
import type { z } from 'zod'
import { BridgeError } from '../errors/catalogue.js'
import { refuse } from '../errors/refuse.js'
import { requestError } from '../errors/request-error.js'
import { list as listed, nameOf, shorten } from '../errors/value-words.js'
import { find, knownTypes } from './registry.js'
import type { Check } from '../request/plan.js'
import type { PendingSource } from '../request/pending-source.js'
import type { Validator } from './validator.js'

const maxChecks = 100
const maxSchemas = 128 * 1024

/**
 * Members of a check other than `type` and `params` have no effect; their paths are added to `ignored`, as
 * `validation[0].Topic`. What has to compile before the checks can be taken is added to `pending`. Absent and null are no checks.
 * @throws BridgeError 400
 */
export function parseValidation(list: unknown, ignored?: { add(param: string): unknown }, pending: PendingSource[] = []): Check[] {
  if (list == null) return []
  if (!Array.isArray(list)) {
    const message = `Invalid type for 'validation': expected an array, but got ${nameOf(list)} instead.`
    throw new BridgeError('invalid_type', message, { param: 'validation' })
  }
  if (list.length > maxChecks) throw refuse('invalid_value', 'validation', `expected at most ${maxChecks} items, not ${list.length}`)
  let schemas = 0
  return list.map((entry: unknown, index) => {
    const { check, others } = parseCheck(entry, index, pending)
    // each is compiled before the request is taken, so they are bounded for the whole list
    if (check.type === 'schema') schemas += JSON.stringify(check.params).length
    if (schemas > maxSchemas) {
      throw refuse('invalid_value', `validation[${index}].params`, `the schemas have more than ${maxSchemas} characters together`)
    }
    for (const name of others) ignored?.add(`validation[${index}].${name.slice(0, 64)}`)
    return check
  })
}

function parseCheck(entry: unknown, index: number, pending: PendingSource[]): { check: Check; others: string[] } {
  const param = `validation[${index}]`
  if (!isObject(entry)) {
    const message = `Invalid type for '${param}': expected an object with 'type' and 'params', but got ${nameOf(entry)} instead.`
    throw new BridgeError('invalid_type', message, { param })
  }
  const name = Object.hasOwn(entry, 'type') ? entry.type : undefined
  if (typeof name !== 'string') {
    const got = name === undefined ? 'it is missing' : `it is ${nameOf(name)}`
    throw refuse('invalid_value', `${param}.type`, `expected the name of a validator, but ${got}; known types are ${listed(knownTypes)}`)
  }
  const found = find(name)
  if (found === undefined) {
    throw refuse('invalid_value', `${param}.type`, `there is no validator '${shorten(name)}'; known types are ${listed(knownTypes)}`)
  }
  const given = entry.params ?? {}
  const others = Object.keys(entry).filter((key) => key !== 'type' && key !== 'params')
  if (entry.params == null && others.length > 0) {
    throw refuse('unsupported_parameter', `${param}.${others[0]!.slice(0, 64)}`, `parameters of a validator belong into '${param}.params'`)
  }
  if (!isObject(given)) {
    const message = `Invalid type for '${param}.params': expected an object, but got ${nameOf(given)} instead.`
    throw new BridgeError('invalid_type', message, { param: `${param}.params` })
  }
  const { validator, preset } = found
  const params = { ...preset, ...parseParams(validator, name, preset, given, index, pending) }
  return { check: { type: validator.type, ...(name !== validator.type && { alias: name }), params }, others }
}

function parseParams(
  validator: Validator,
  name: string,
  preset: object,
  given: Record<string, unknown>,
  index: number,
  pending: PendingSource[],
) {
  const param = `validation[${index}].params`
  const known = Object.keys(validator.params.shape)
  const takes = known.length === 0 ? `'${name}' takes no parameters` : `'${name}' takes ${listed(known)}`
  /** canonical name -> the name that was sent */
  const sent = new Map<string, string>()
  const values = new Map<string, unknown>(Object.entries(preset))
  for (const [key, value] of Object.entries(given)) {
    const canonical = validator.renames && Object.hasOwn(validator.renames, key) ? validator.renames[key]! : key
    const path = `${param}.${key.slice(0, 64)}`
    if (!known.includes(canonical)) throw refuse('unsupported_parameter', path, takes)
    if (sent.has(canonical)) throw refuse('invalid_value', path, `it is another name of '${sent.get(canonical)!}', which is there too`)
    sent.set(canonical, key)
    // null counts as absent, as everywhere in a request
    if (value !== null) values.set(canonical, value)
  }
  const result = validator.params.safeParse(Object.fromEntries(values))
  if (!result.success) throw paramsError(result.error.issues, sent, index, given, takes)
  for (const { param: at, source, wrong } of validator.sources?.(result.data) ?? []) {
    const refuse = (why: string) =>
      paramsError([{ code: 'custom', path: [at], message: wrong(why), input: undefined }], sent, index, given, takes)
    pending.push({ source, refuse })
  }
  return result.data
}

/** The first issue under the names that were sent, with the known names after it. */
function paramsError(issues: readonly z.core.$ZodIssue[], sent: Map<string, string>, index: number, given: object, takes: string) {
  const prefix = ['validation', index, 'params']
  const moved = issues.map((issue) => {
    const [first, ...rest] = issue.path
    const path = first === undefined ? [] : [sent.get(String(first)) ?? first, ...rest]
    return { ...issue, path: [...prefix, ...path] }
  })
  const validation: unknown[] = []
  validation[index] = { params: given }
  const { failure } = requestError(moved, { validation })
  const message = `${failure.message} ${takes}.`
  return new BridgeError(failure.code, message, failure.param === undefined ? {} : { param: failure.param })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
