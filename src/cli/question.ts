/** What `ask` sends: the words, what is piped in, and files. */
import { fstatSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { CommandError, exits } from './exits.js'

export interface Question {
  words: readonly string[]
  system: string | undefined
  files: readonly string[]
}

type Part =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string } }
  | { type: 'file'; file: { filename: string; file_data: string } }

interface Message {
  role: 'system' | 'user'
  content: string | Part[]
}

const images: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
}

/** The messages of a chat request. Reads standard input to its end where something is piped in. @throws CommandError */
export async function messagesOf({ words, system, files }: Question): Promise<Message[]> {
  const question = words.join(' ')
  const piped = isPiped() || question === '' ? await readInput(question) : ''
  const text = [question, piped].filter((one) => /\S/.test(one)).join('\n\n')
  if (text === '') throw new CommandError('there is no question: write it as an argument, or pipe it in', exits.usage)
  const parts = await Promise.all(files.map(partOf))
  return [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: parts.length === 0 ? text : [{ type: 'text', text }, ...parts] },
  ]
}

/** A pipe, a file or a socket; a terminal and /dev/null are none. */
function isPiped(): boolean {
  try {
    const input = fstatSync(0)
    return input.isFIFO() || input.isFile() || input.isSocket()
  } catch {
    // it is closed
    return false
  }
}

async function readInput(question: string): Promise<string> {
  // who only types the command should not wait for ever
  if (process.stdin.isTTY && question === '') return ''
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}

/** The server says what a file is, by its name and its content, and refuses what it does not take. */
async function partOf(file: string): Promise<Part> {
  const data = await readFile(file, 'base64').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`the file ${file} cannot be read (${error.code})`, exits.usage)
  })
  const image = images[path.extname(file).toLowerCase()]
  if (image !== undefined) return { type: 'image_url', image_url: { url: `data:${image};base64,${data}` } }
  return { type: 'file', file: { filename: path.basename(file), file_data: data } }
}
