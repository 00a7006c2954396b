import { fields, type Rule } from './honoured-fields.js'
import type { Ignored } from '../../request/ignored.js'
import { refuse } from '../../errors/refuse.js'

const rules: Record<string, Rule> = { ...fields, model: { does: 'honoured', note: '' } }

/**
 * Holds a body against the table of fields: throws 400 for the first field that is refused, and names those that are
 * ignored.
 */
export function checkFields(body: Record<string, unknown>, ignored: Ignored): void {
  checkAgainst(rules, body, ignored)
}

/** The same with another table. */
export function checkAgainst(table: Record<string, Rule>, body: Record<string, unknown>, ignored: Ignored): void {
  for (const [name, value] of Object.entries(body)) {
    const rule = Object.hasOwn(table, name) ? table[name] : undefined
    if (value == null || rule?.does === 'honoured' || rule?.nothing?.(value)) continue
    if (rule?.does === 'refused' && !rule.ignored?.(value)) {
      throw refuse(rule.code ?? 'unsupported_parameter', rule.param ?? name, rule.note)
    }
    ignored.add(name)
  }
}
