/** The languages that `code` knows, and how each is checked. */
import { parseDocument } from 'yaml'
import { positionAt } from '../text.js'
import type { CheckError } from '../../schema/words.js'
import { syntaxErrors } from './tree-sitter.js'

export interface Language {
  /** labels of fenced blocks and values of the parameter that mean this language */
  names: readonly string[]
  errors: (source: string) => Promise<CheckError[]>
}

const grammar = (file: string, ...names: string[]): Language => ({ names, errors: (source) => syntaxErrors(file, source) })

const languages: readonly Language[] = [
  grammar('python', 'python', 'py', 'python3'),
  grammar('javascript', 'javascript', 'js', 'jsx', 'mjs', 'cjs', 'node'),
  grammar('typescript', 'typescript', 'ts', 'mts', 'cts'),
  grammar('tsx', 'tsx'),
  grammar('go', 'go', 'golang'),
  grammar('rust', 'rust', 'rs'),
  grammar('java', 'java'),
  grammar('cpp', 'cpp', 'c++', 'c', 'h', 'hpp'),
  grammar('c-sharp', 'csharp', 'c#', 'cs'),
  grammar('php', 'php'),
  grammar('ruby', 'ruby', 'rb'),
  grammar('bash', 'bash', 'sh', 'shell'),
  grammar('css', 'css'),
  { names: ['json'], errors: jsonErrors },
  { names: ['yaml', 'yml'], errors: yamlErrors },
]

const byName = new Map(languages.flatMap((language) => language.names.map((name) => [name, language] as const)))

export const languageNames: readonly string[] = [...byName.keys()]

export function languageOf(name: string): Language | undefined {
  return byName.get(name.toLowerCase())
}

async function jsonErrors(source: string): Promise<CheckError[]> {
  try {
    JSON.parse(source)
    return []
  } catch (error) {
    return [{ message: `Syntax error in JSON: ${(error as Error).message.slice(0, 120)}.`, mend: 'Correct the JSON.' }]
  }
}

async function yamlErrors(source: string): Promise<CheckError[]> {
  return parseDocument(source, { logLevel: 'silent', prettyErrors: false })
    .errors.slice(0, 5)
    .map(({ message, pos }) => {
      const path = positionAt(source, pos[0])
      return { message: `Syntax error at ${path}: ${message}.`, mend: 'Correct the YAML there.', path }
    })
}
