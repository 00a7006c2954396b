/** Which of the offered tools a text asks for. */
import type { MessagesRequest, RequestTool } from './request.js'
import { plainToolName } from './tool-name.js'

/** Words in tool names that say nothing about the subject. */
const verbs = new Set(
  ['get', 'set', 'list', 'read', 'write', 'find', 'search', 'create', 'update', 'delete', 'fetch', 'run', 'edit', 'make'].concat([
    'show',
    'do',
    'look',
    'add',
    'the',
    'for',
    'and',
    'of',
    'to',
  ]),
)

/** A subject weighs more than a verb, and a verb alone is not enough. */
const enough = 2

/**
 * The tools to call: those that `tool_choice` forces, else for each subject in the text (`weather`, `file`) the one
 * tool that fits best, else the tool that the text names outright ("use the search tool").
 */
export function chooseTools(body: MessagesRequest, text: string): readonly RequestTool[] {
  const tools = body.tools ?? []
  const choice = body.tool_choice
  if (choice?.type === 'none' || tools.length === 0) return []
  if (choice?.type === 'tool') return tools.filter((tool) => tool.name === choice.name)
  const wanted = wantedTools(tools, text)
  const chosen = wanted.length === 0 && choice?.type === 'any' ? tools.slice(0, 1) : wanted
  return choice?.disable_parallel_tool_use === true ? chosen.slice(0, 1) : chosen
}

function wantedTools(tools: readonly RequestTool[], text: string): readonly RequestTool[] {
  const bySubject = new Map<string, { tool: RequestTool; score: number }>()
  for (const tool of tools) {
    const said = nameWords(tool).filter((word) => new RegExp(`\\b${word}(s|es)?\\b`, 'i').test(text))
    const subject = said.find((word) => !verbs.has(word))
    const score = said.reduce((sum, word) => sum + (verbs.has(word) ? 1 : 2), 0)
    const best = bySubject.get(subject ?? '')?.score ?? 0
    if (subject !== undefined && score >= enough && score > best) bySubject.set(subject, { tool, score })
  }
  if (bySubject.size > 0) return [...bySubject.values()].map(({ tool }) => tool)
  if (!/\b(use|call|invoke)\b|\btools?\b/i.test(text)) return []
  const words: readonly string[] = text.toLowerCase().match(/[\w-]+/g) ?? []
  const named = tools.find((tool) => words.includes(plainToolName(tool.name).toLowerCase()))
  if (named !== undefined) return [named]
  return /\b(use|call|invoke)\b.*\btools?\b/i.test(text) ? tools.slice(0, 1) : []
}

function nameWords(tool: RequestTool): string[] {
  const words =
    plainToolName(tool.name)
      .replace(/([a-z\d])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z\d]+/g) ?? []
  return words.filter((word) => word.length > 2)
}
