/**
 * The file server that comes with the install. What names its package, through `npx` or not, is it: nothing is downloaded.
 *
 * A request may have it below the workspace and below the system's temporary folder. No two jobs may see each other's files, so that
 * folder is the job's own: the server is told `/tmp/…` and works in the workspace (see `guard.ts`).
 */
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import type { McpServer } from '../../src/request/conversation.js'

export const filesystemPackage = '@modelcontextprotocol/server-filesystem'

type Stdio = Extract<McpServer, { type: 'stdio' }>

/** The directories that the command names, or null if it is no such server. */
export function filesystemRoots({ command, args = [] }: Stdio): string[] | null {
  if (command === 'mcp-server-filesystem') return args
  if (command !== 'npx') return null
  const rest = [...args]
  while (rest[0] === '-y' || rest[0] === '--yes') rest.shift()
  const [named, ...roots] = rest
  if (named?.startsWith(filesystemPackage) !== true) return null
  // whatever version is asked for, it is the installed one
  return /^(@\d[\w.-]*|@latest)?$/.test(named.slice(filesystemPackage.length)) ? roots : null
}

/** The installed program. */
export function filesystemProgram(): string {
  return createRequire(import.meta.url).resolve(`${filesystemPackage}/dist/index.js`)
}

/** Folders that stand for the job's own one. */
export function temporaryFolders(): string[] {
  return [...new Set(['/tmp', path.resolve(os.tmpdir())])]
}

/** Where a request's root lies within the workspace, as a relative path; or why it may not be used. */
export function placeRoot(root: string): { relative: string } | { problem: string } {
  if (root.startsWith('-')) return { problem: 'options of the file server are not allowed' }
  if (root.split(/[\\/]/).includes('..')) return { problem: "'..' is not allowed in a root" }
  const own = root.replace(/^\$\{WORKSPACE(:-[^}]*)?\}/, '.')
  if (own.includes('$')) return { problem: 'only ${WORKSPACE} is expanded here' }
  if (!path.isAbsolute(own)) return own.startsWith('~') ? outside : { relative: path.normalize(own) }
  const folder = temporaryFolders().find((candidate) => isBelow(own, candidate))
  if (folder === undefined || !staysBelow(own)) return outside
  return { relative: path.relative(folder, path.resolve(own)) || '.' }
}

const outside = { problem: 'a root has to be below the workspace or the temporary folder' }

/** Whether what is there now, if anything, is no way out of the temporary folders. */
function staysBelow(root: string): boolean {
  try {
    const real = realpathSync(root)
    return temporaryFolders().some((folder) => isBelow(real, realpathSync(folder)))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

/** Whether `file` is `folder` or lies in it; both absolute. */
export function isBelow(file: string, folder: string): boolean {
  const relative = path.relative(folder, file)
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative))
}
