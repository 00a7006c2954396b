/** How a command ends: its exit codes (the table in docs/command-line.md), and the error that carries one. */

export const exits = {
  done: 0,
  /** what has no code of its own */
  failed: 1,
  /** the command is not written as it has to be */
  usage: 2,
  /** no server answers, and there is no store that can be opened in its place */
  unreachable: 3,
  /** the key is missing or refused, or the CLI is not logged in */
  refused: 4,
  /** there is no such task, key or model */
  notFound: 5,
  /** the answer failed, was cancelled or was cut */
  unsuccessful: 6,
  /** no room now: the same command can succeed later */
  busy: 7,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const

export type Exit = (typeof exits)[keyof typeof exits]

/** Ends the command with one line on standard error. */
export class CommandError extends Error {
  override readonly name = 'CommandError'

  constructor(
    message: string,
    readonly exit: Exit,
  ) {
    super(message)
  }
}

/** The exit code for an HTTP status of the server. */
export function exitOfStatus(status: number): Exit {
  if (status === 401 || status === 403) return exits.refused
  if (status === 404) return exits.notFound
  if (status === 429 || status === 503) return exits.busy
  return exits.failed
}
