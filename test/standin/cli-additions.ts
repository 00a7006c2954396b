/** Text blocks that the CLI writes into a conversation by itself. */

const wrapped = /^\s*<(system-reminder|local-command-(?:caveat|stdout)|command-name|total_tokens)>[\s\S]*<\/\1>\s*$/

const openings = [
  'x-anthropic-billing-header:',
  "You are a Claude agent, built on Anthropic's Claude Agent SDK.",
  "You are Claude Code, Anthropic's official CLI for Claude",
  '[structured-output-enforce]',
  '[Your previous response had no visible output',
  'Output token limit hit. Resume directly',
]

/** stands in for a system prompt under `--bare` where there is none */
const place = /^CWD: [^\n]*\nDate: [\d-]+$/

/** Whole blocks only: the same words inside a user's text are the user's. */
export function isCliAddition(text: string): boolean {
  return wrapped.test(text) || place.test(text) || openings.some((opening) => text.startsWith(opening))
}
