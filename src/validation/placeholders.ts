/** The texts a prompt of a validator can ask for. */
export interface PlaceholderTexts {
  CODE_TO_VALIDATE: string
  TEXT_TO_VALIDATE: string
  ORIGINAL_USER_PROMPT: string
}

const placeholder = /\{(CODE_TO_VALIDATE|TEXT_TO_VALIDATE|ORIGINAL_USER_PROMPT)\}/g

/** Replaces all placeholders in one pass: what is put in is text, whatever it looks like. */
export function fillIn(template: string, texts: PlaceholderTexts): string {
  // a function, because in a replacement string `$&` would mean something
  return template.replace(placeholder, (_, name: keyof PlaceholderTexts) => texts[name])
}

/** Whether the prompt shows the answer that is to be judged. */
export function showsAnswer(template: string): boolean {
  return /\{(CODE|TEXT)_TO_VALIDATE\}/.test(template)
}
