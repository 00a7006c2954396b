/** What a run's outcome is where its process did not bring its turn to an end. */
import { UnknownServer } from '../../../mcp/job/job-config.js'
import type { ErrorCode } from '../../errors/catalogue.js'
import type { Outcome } from '../../jobs/executor.js'
import type { Exit } from '../process/process.js'
import { ControlRefused } from '../protocol/control.js'
import { redact } from '../../redact.js'
import { McpServerFailed } from './equip.js'
import { NotSaid } from './listener.js'
import type { Ending } from './ending.js'

/** The CLI's own word, or that of an MCP server; anything else is a fault of ours. */
export function isForeseen(error: unknown): boolean {
  return error instanceof NotSaid || error instanceof ControlRefused || error instanceof McpServerFailed || error instanceof UnknownServer
}

/** The CLI did not take a control request: nothing can be asked of that process. */
export function refusedEnding(error: unknown): Ending {
  if (error instanceof McpServerFailed || error instanceof UnknownServer) {
    return { outcome: failed('mcp_server_failed', error.message), kill: true }
  }
  return { outcome: failed('cli_failed', `The Claude CLI did not take the request: ${redact(String(error))}`), kill: true }
}

/** A process that ended before the turn did. */
export function outcomeOfExit(exit: Exit, root: string): Outcome {
  if (exit.spawnError !== null) {
    return failed('claude_unavailable', `The Claude CLI could not be started (${exit.spawnError}).`)
  }
  const how = exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`
  const said = redact(exit.stderr.replaceAll(root, '<workspace>'))
  return failed('cli_failed', `The Claude CLI ended before it had answered (${how})${said === '' ? '' : `: ${said}`}`)
}

export function failed(code: ErrorCode, message: string): Outcome {
  return { kind: 'failed', failure: { code, message } }
}
