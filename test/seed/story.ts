/** How a case goes: what the models behind the bridge say, and how it has to end. */
import type { SeedCase } from './cases.js'

/**
 * What a model says: a text, or one after it has used tools; or a call that fails with this status, an answer cut by its limit of
 * tokens, none at all.
 */
export type Said = string | { uses: [tool: string, input: object][]; then: string } | { fails: number } | { cut: string } | { silent: true }

export interface Verdict {
  validation_passed: boolean
  reasoning: string
  details: unknown
}

export interface Story {
  /** in place of a prompt that was not recovered */
  prompt?: string
  /** of the model asked, in order, the last one again and again */
  says: Said[]
  /** of the model that a validator asks, likewise */
  verdicts?: Verdict[]
  /** where it does not end with the last answer */
  error?: { status: number; code: string; param?: string }
  /** named in `bridge.ignored` */
  ignored?: string[]
  /** calls of the model, and so attempts; default 1 */
  attempts?: number
  /** for the document, beside how it ends */
  note?: string
}

/** Null: it is not run. */
export type Stories = Record<string, Story | { notRun: string }>

export function isRun(story: Story | { notRun: string } | undefined): story is Story {
  return story !== undefined && !('notRun' in story)
}

/** What tells a case's requests from those of others: the texts of its last message. */
export function keyOf(one: SeedCase, story: Story): string {
  const { messages, question } = one.llm_config as { messages?: { content: string | { text?: string }[] }[]; question?: string }
  const content = messages?.at(-1)?.content
  return story.prompt ?? question ?? (typeof content === 'string' ? content : (content?.find(({ text }) => text !== undefined)?.text ?? ''))
}

export const passed = (details: unknown = {}): Verdict => ({ validation_passed: true, reasoning: 'It is right.', details })
export const rejected = (reasoning: string, details: unknown = {}): Verdict => ({ validation_passed: false, reasoning, details })
