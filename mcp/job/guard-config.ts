/** An entry of a job's config as the guard reads it: the format of `.mcp.json`, expanded, with what the guard has to know. */
export interface GuardedServer {
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** file for the end of its standard error */
  stderr: string
  /** folders to be made before it starts */
  folders?: string[]
  /** the CLI's working directory is not to take the place of the folders in its arguments */
  fixedRoots?: boolean
  /** folders that stand for `cwd` where the model speaks of files */
  aliases?: string[]
}

/** The same of a server that is reached over HTTP. */
export interface GuardedRemote {
  type: 'http' | 'sse'
  url: string
  headers?: Record<string, string>
  /** file for why it cannot be reached */
  stderr: string
}
