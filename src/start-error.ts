/** Why the server does not start, in one line for the person who started it, which names the setting. */
import path from 'node:path'
import { ConfigError } from './errors/config-error.js'
import { name } from './version.js'
import { WorkspacesNotPrivate, workspaceRootOf } from '../workspace/workspace.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Null for what is a fault of this program and deserves its stack. */
export function startError(error: unknown, env: Environment): string | null {
  if (error instanceof ConfigError) return error.message
  if (!(error instanceof Error)) return null
  if (error.name === 'DataDirInUse') return `DATA_DIR: ${error.message}`
  if (error instanceof WorkspacesNotPrivate) return `TMPDIR: ${error.message}`
  // the database's own words have no code: no room, a file that is none
  if (error.message.startsWith('cannot use the job database ')) return `DATA_DIR: ${error.message}`
  return ofListening(error, env) ?? ofFiles(error, env)
}

function ofListening({ code, syscall }: NodeJS.ErrnoException, env: Environment): string | null {
  if (code === 'EADDRINUSE') return `PORT: ${env['PORT'] ?? 3010} is in use by another program`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `HOST: "${env['HOST']}" is no address of this machine`
  if (syscall !== 'listen') return null
  if (code === 'EACCES') return `PORT: ${env['PORT'] ?? 3010} is not allowed for this user`
  return code === 'EAFNOSUPPORT' ? `HOST: this machine has no addresses of the kind of "${env['HOST']}"` : null
}

const says: Record<string, string> = {
  EACCES: 'cannot be used by this user',
  EPERM: 'cannot be used by this user',
  EROFS: 'is on a file system that is read-only',
  EEXIST: 'is no folder',
  EISDIR: 'is a folder',
  ENOTDIR: 'is below something that is no folder',
  // what `mkdir` says in `/proc`
  ENOENT: 'cannot be made',
  ENOSPC: 'has no room',
  EDQUOT: 'has no room',
  ENAMETOOLONG: 'has too long a name',
  ELOOP: 'is behind links that lead nowhere',
  EIO: 'cannot be read or written',
}

/** Where the package lies; the data directory may be in it. */
const installation = path.join(import.meta.dirname, '../..')

/** Null where the file is none of a setting's. */
function ofFiles({ code, path: file }: NodeJS.ErrnoException, env: Environment): string | null {
  const what = says[code ?? '']
  const dataDir = env['DATA_DIR'] || '.data'
  if (what === undefined) return null
  // the write to a file that is open has no path
  if (file === undefined) return code === 'ENOSPC' || code === 'EDQUOT' ? `DATA_DIR: ${dataDir} ${what} (${code})` : null
  const folders: [setting: string, folder: string][] = [
    ['TMPDIR', workspaceRootOf(dataDir)],
    ...(env['FILES_DIR'] ? [['FILES_DIR', env['FILES_DIR']] as [string, string]] : []),
    ['DATA_DIR', dataDir],
  ]
  const [setting] = folders.find(([, folder]) => isBelow(file, folder)) ?? folders.find(([, folder]) => isBelow(folder, file)) ?? []
  // also of a folder above one that was to be made
  if (setting !== undefined) return `${setting}: ${file} ${what} (${code})`
  if (!isBelow(file, installation)) return null
  return `INSTALLATION: ${file} ${code === 'ENOENT' ? 'is missing' : what} (${code}): install ${name} anew`
}

function isBelow(file: string, folder: string): boolean {
  const way = path.relative(folder, file)
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}
