/** The texts a prompt of a validator can ask for. */
export interface PlaceholderTexts {
  CODE_TO_VALIDATE: string
  TEXT_TO_VALIDATE: string
  ORIGINAL_USER_PROMPT: string
}

const placeholder = /\{(CODE_TO_VALIDATE|TEXT_TO_VALIDATE|ORIGINAL_USER_PROMPT)\}/g

/** Characters of a prompt: the answer may be put in as often as a template says. */
const longestPrompt = 4_000_000

/**
 * Replaces all placeholders in one pass: what is put in is text, whatever it looks like.
 *
 * @throws Error for a prompt that is longer than any model reads
 */
export function fillIn(template: string, texts: PlaceholderTexts): string {
  let length = template.length
  for (const [, name] of template.matchAll(placeholder)) length += texts[name as keyof PlaceholderTexts].length
  if (length > longestPrompt)
    throw new Error(`the prompt for the validating model would have ${length} characters, more than ${longestPrompt}`)
  // a function, because in a replacement string `$&` would mean something
  return template.replace(placeholder, (_, name: keyof PlaceholderTexts) => texts[name])
}

/** Whether the prompt shows the answer that is to be judged. */
export function showsAnswer(template: string): boolean {
  return /\{(CODE|TEXT)_TO_VALIDATE\}/.test(template)
}
