/**
 * The CLI puts blocks of its own in front of a prompt and finds them again by how they begin: a prompt that begins so, or is such a block, takes the
 * place of the CLI's own, or is left out. Measured on 2.1.329.
 */
const likeOwn = new RegExp(
  [
    'x-anthropic-billing-header:',
    "You are Claude Code, Anthropic's official CLI for Claude",
    "You are a Claude agent, built on Anthropic's Claude Agent SDK",
    '__SYSTEM_PROMPT_',
    '# Reporting outcomes\\n',
  ]
    .map((text) => `^${text}`)
    .join('|'),
)

/** The prompt as a text that is nothing else to the CLI: a line feed goes in front of one that begins like a block of the CLI's own. */
export function plainPrompt(prompt: string): string {
  return likeOwn.test(prompt) ? `\n${prompt}` : prompt
}
