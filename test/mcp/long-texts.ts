/** Descriptions in every shape that clients and servers write them in, by a name that can be a tool's. */

const words = (length: number): string =>
  Array.from({ length: Math.ceil(length / 8) }, (_, index) => `w${String(index).padStart(6, '0')}`)
    .join(' ')
    .slice(0, length)

/** Paragraphs of some hundred characters, `length` characters in all. */
const paragraphs = (length: number): string => {
  const one = `${words(293)}.`
  return Array.from({ length: Math.ceil(length / 296) }, () => one)
    .join('\n\n')
    .slice(0, length - 1)
    .concat('z')
}

export const longTexts: Record<string, string> = {
  one_paragraph: 'Reads a file.\nNothing else.',
  two_line_feeds: 'Runs a command.\n\nUse it with care.',
  three_line_feeds: 'Runs a command.\n\n\nUse it with care.\n\n\n\nAlways.',
  tabs: 'Runs a command.\n\t\n\t\t\n\nUse it with care.\n\n\tAlways.',
  spaces: 'Runs a command.\n \n  \n\nUse it with care.',
  returns: 'Runs a command.\r\n\r\nUse it with care.\r\n\nAlways.\n\r\nEnd.',
  invisible: 'Runs a command.\n\u200b\nUse it with care.\n\ufeff\u200d\n\nAlways.',
  leading: '\n\n  Runs a command.\n\nUse it with care.',
  trailing: 'Runs a command.\n\nUse it with care.\n\n',
  list: 'Rules:\n\n- one\n\n- two\n  - inner\n\n1. first\n\n\n2. second',
  fence: 'Example:\n\n```sh\necho a\n\n\necho b\n```\n\n~~~\n\n~~~\n\nEnd.',
  markup: '<example>\n\nuser: hi\n\nassistant: [calls]\n\n</example>\n\n# Title\n\n> quote\n\n| a | b |\n|---|---|\n\nEnd.',
  empty: '',
  blank: ' \n\n ',
  p200: paragraphs(200),
  p4096: paragraphs(4096),
  p4097: paragraphs(4097),
  p60000: paragraphs(60_000),
  w4097: words(4097),
  w60000: words(60_000),
}

/** What has to arrive: every word, and every line that has one. Blanks at the end of a line mean nothing to a model. */
export function wordsOf(text: string): string {
  return text
    .replaceAll(/[\u200b\u200d\ufeff]/g, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
}
