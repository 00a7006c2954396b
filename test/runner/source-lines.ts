/** Names the TypeScript line of a compiled one in a text. Loading all source maps in each test process would slow down every start. */
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import path from 'node:path'

/** `dist/test/x.test.js:10:3` becomes `test/x.test.ts:8:3`; what has no source map stays. `root`: where relative paths begin. */
export function sourceLines(text: string, root: string): string {
  return text.replace(/(?:file:\/\/)?([\w./@+-]+\.js):(\d+):(\d+)/g, (found, file: string, line: string, column: string) => {
    const compiled = path.resolve(root, file)
    if (!existsSync(`${compiled}.map`)) return found
    const map = new SourceMap(JSON.parse(readFileSync(`${compiled}.map`, 'utf8')) as SourceMapPayload)
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry)) return found
    const source = path.relative(root, path.resolve(path.dirname(compiled), entry.originalSource))
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}
