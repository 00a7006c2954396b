/** What users of the bridge's forerunner sent, as data, and how they posted it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

export interface SeedCase {
  id: string
  suite: 'essential' | 'wider' | 'fixture'
  llm_config: Record<string, unknown>
  /** of the essential cases; the others have `validation` in `llm_config` */
  validation_strategies?: unknown[]
  retry_config?: Record<string, unknown>
}

const file = path.join(import.meta.dirname, '../../../test/seed/cases.json')

export const cases = JSON.parse(readFileSync(file, 'utf8')) as SeedCase[]

/**
 * The body of the request: `llm_config`, with the case's strategies as `validation`.
 * @param prompt for the few cases whose own prompt is lost
 */
export function bodyOf({ llm_config, validation_strategies, retry_config }: SeedCase, prompt?: string): Record<string, unknown> {
  return {
    ...llm_config,
    ...(prompt !== undefined && { messages: [{ role: 'user', content: prompt }] }),
    ...(validation_strategies && { validation: validation_strategies }),
    ...(retry_config && { retry_config }),
  }
}
