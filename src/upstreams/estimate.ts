/** What a call has taken whose provider told no usage: a guess from the lengths of its texts, for the limits of keys and for no answer. */
import type { UpstreamRequest } from '../request/upstream-request.js'

/** Of English, as OpenAI says it. */
const charactersOfToken = 4
/** A picture, a sound or a file, however long its text is. */
const tokensOfEncoded = 1000
/** Text without a break that is longer is base64 and not language. */
const longestWord = 2000

export function tokensOfText(characters: number): number {
  return Math.ceil(characters / charactersOfToken)
}

export function tokensOfPrompt({ text, added = [] }: Pick<UpstreamRequest, 'text' | 'added'>): number {
  const { characters, encoded } = measure(text)
  return tokensOfText(characters + (added.length === 0 ? 0 : JSON.stringify(added).length)) + encoded * tokensOfEncoded
}

/** One pass, whatever the text is: a pattern that looks for long runs would begin anew at each of their characters. */
function measure(text: string): { characters: number; encoded: number } {
  const sums = { characters: 0, encoded: 0 }
  let from = 0
  const end = (at: number) => {
    if (at - from > longestWord) sums.encoded += 1
    else sums.characters += at - from
  }
  for (let at = 0; at < text.length; at += 1) {
    if (isBase64(text.charCodeAt(at))) continue
    end(at)
    sums.characters += 1
    from = at + 1
  }
  end(text.length)
  return sums
}

/** Letters and digits of ASCII, `+`, `/`, `=`, `-` and `_`. */
function isBase64(code: number): boolean {
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
  // `/` stands before the digits
  return isLetter || (code >= 47 && code <= 57) || code === 43 || code === 61 || code === 45 || code === 95
}
