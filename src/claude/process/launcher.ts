/** Starts CLI processes, each in a fresh workspace of its own. */
import { writeJobConfig } from '../../../mcp/job/job-config.js'
import { makeWorkspace } from '../../../workspace/workspace.js'
import { type CredentialKind, workspaceEnvironment } from './environment.js'
import { ClaudeProcess } from './process.js'
import type { OddLine } from './odd-lines.js'
import type { LaunchProfile } from './launch-flags.js'
import { Session } from '../session.js'
import { plainTextMark } from '../turn/transcript.js'

export interface LaunchSetup {
  /** path of the CLI, or why there is none */
  binary(): { path: string; version: string | null; problem: string | null }
  credential: CredentialKind
  /** see `baseEnvironment` */
  env: Record<string, string>
  /** see `openWorkspaceRoot` */
  workspaceRoot: string
  /** told of faults of ours that belong to a process and end it */
  onFault?(error: unknown): void
  /** told of lines of a process that are none of the CLI's messages, once for each kind of them */
  onOddLine?(line: OddLine, pid: number | undefined): void
}

/** The CLI cannot be started at all; the message says why. */
export class CannotLaunch extends Error {
  override readonly name = 'CannotLaunch'
}

/** @throws CannotLaunch, or what making the workspace rejects with */
export async function launch(setup: LaunchSetup, profile: LaunchProfile): Promise<Session> {
  const { problem, path: binary, version } = setup.binary()
  if (problem !== null) throw new CannotLaunch(problem)
  const workspace = await makeWorkspace(setup.workspaceRoot)
  try {
    const mcpConfig = await writeJobConfig(workspace.root)
    const child: ClaudeProcess = new ClaudeProcess({
      binary,
      args: [...profile.args, `--mcp-config=${mcpConfig}`],
      cwd: workspace.work,
      env: workspaceEnvironment(setup.env, setup.credential, workspace),
      onFault: (error) => setup.onFault?.(error),
      onOddLine: (line) => setup.onOddLine?.(line, child.pid),
    })
    return new Session(child, workspace, plainTextMark(version), setup.credential)
  } catch (error) {
    await workspace.remove()
    throw error
  }
}
