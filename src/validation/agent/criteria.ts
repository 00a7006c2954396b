/** Success criteria of `agent_task`: what has to be true of a verdict. */
import { z } from 'zod'
import { list as listed } from '../../errors/value-words.js'
import { valueAt } from '../read/path.js'
import { quote } from '../text.js'
import { texts } from '../texts.js'
import type { CheckError } from '../../schema/words.js'
import { mentions, stringsOf } from './mentions.js'
import type { Verdict } from './verdict.js'

const list = texts.optional()

const shape = {
  agent_must_report_true: list.describe('fields of the verdict, or of its details, that must be true'),
  agent_must_report_false: list,
  all_true_in_details_keys: list,
  field_present_in_details: list,
  must_contain_in_details: list,
  must_not_contain_in_details: list,
  must_not_contain_string_in_details: list,
  must_contain_in_reasoning: list,
  must_not_contain_in_reasoning: list,
  must_not_contain_string_in_reasoning: list,
}

export const criteriaSchema = z.strictObject(shape, {
  error: ({ code }) => (code === 'unrecognized_keys' ? `known criteria are ${listed(Object.keys(shape))}` : undefined),
})

export type Criteria = z.output<typeof criteriaSchema>

/** What does not hold, in words; none if the verdict is a pass. Every criterion given must hold; with none, `validation_passed` must. */
export function unmet(verdict: Verdict, criteria: Criteria): CheckError[] {
  const given = Object.entries(criteria).filter(([, value]) => value !== undefined) as [keyof Criteria, string[]][]
  const reports = given.length === 0 ? [['agent_must_report_true', ['validation_passed']] as [keyof Criteria, string[]]] : given
  return reports.flatMap(([name, values]) =>
    values.filter((value) => !holds(name, value, verdict)).map((value) => unmetError(name, value, verdict)),
  )
}

function holds(name: keyof Criteria, value: string, verdict: Verdict): boolean {
  const details = stringsOf(verdict.details)
  switch (name) {
    case 'agent_must_report_true':
      return reported(verdict, value) === true
    case 'agent_must_report_false':
      return reported(verdict, value) === false
    case 'all_true_in_details_keys':
      return inDetails(verdict, value) === true
    case 'field_present_in_details':
      return inDetails(verdict, value) != null
    case 'must_contain_in_details':
      return details.some((text) => mentions(text, value))
    case 'must_contain_in_reasoning':
      return mentions(verdict.reasoning, value)
    case 'must_not_contain_in_details':
    case 'must_not_contain_string_in_details':
      return !details.some((text) => occurs(text, value))
    case 'must_not_contain_in_reasoning':
    case 'must_not_contain_string_in_reasoning':
      return !occurs(verdict.reasoning, value)
  }
}

/** A field of the verdict itself, or of its details. */
function reported(verdict: Verdict, path: string): unknown {
  const own = valueAt(verdict, path)
  return own.found ? own.value : inDetails(verdict, path)
}

function inDetails(verdict: Verdict, path: string): unknown {
  const found = valueAt(verdict.details, path)
  return found.found ? found.value : undefined
}

/** For what must not be there the broader reading is the strict one. */
function occurs(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}

function unmetError(name: keyof Criteria, value: string, verdict: Verdict): CheckError {
  const reasoning = verdict.reasoning.trim()
  return {
    message: `The validating model did not pass the answer (${name}: ${quote(value)}).`,
    ...(reasoning !== '' && { mend: `Its reasoning: ${reasoning.slice(0, 2000)}` }),
  }
}

/** JSON Schema of the details that the criteria look for. */
export function detailsSchema(criteria: Criteria): Record<string, unknown> {
  const simple = (names: string[] = []) => names.filter((name) => /^\w+$/.test(name) && name !== '__proto__')
  const booleans = simple(criteria.all_true_in_details_keys)
  const present = simple(criteria.field_present_in_details).filter((name) => !booleans.includes(name))
  if (booleans.length + present.length === 0) return {}
  return {
    type: 'object',
    properties: Object.fromEntries([...booleans.map((name) => [name, { type: 'boolean' }]), ...present.map((name) => [name, {}])]),
    // what cannot be told is left out, and then it does not hold
    required: booleans,
  }
}
