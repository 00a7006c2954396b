/**
 * The part of a run that may use MCP servers and file tools: what they need before the first word, the limits of the workspace
 * meanwhile, and what they leave.
 */
import { type JobVariables, prepareServers } from '../../../mcp/job/job-config.js'
import type { McpRules } from '../../../mcp/job/registry.js'
import type { Files, KeptFile } from '../../../workspace/kept-files.js'
import { endProcessesOf } from '../../../workspace/leftovers.js'
import type { Limits } from '../../../workspace/measure.js'
import { watchLimits } from '../../../workspace/watch-limits.js'
import type { Run } from '../../jobs/executor.js'
import type { ClaudeRequest, JobTools } from '../../request/conversation.js'
import { workspaceMarker } from '../process/environment.js'
import type { Equipment } from './equip.js'
import type { Session } from '../session.js'

export interface InsideSetup {
  /** as they are now */
  rules(): McpRules
  /** the server's own environment, which the registry's placeholders stand for */
  env: Readonly<Record<string, string | undefined>>
  startTimeoutMs(): number
  limits: Limits
  files: Files
  /** how the job of that run reaches the bridge itself */
  bridge(run: Pick<Run<ClaudeRequest>, 'jobId' | 'owner' | 'request'>): Omit<JobVariables, 'env' | 'marker' | 'trace'>
}

export class Inside {
  private files: KeptFile[] = []
  private keeps = false
  private readonly unwatch: () => void

  constructor(
    private readonly setup: InsideSetup,
    private readonly run: Run<ClaudeRequest>,
    private readonly tools: JobTools,
    private readonly session: Session,
    onExceeded: (message: string) => void,
  ) {
    const { limits } = setup
    const { workspace } = session
    this.unwatch = watchLimits([workspace.work, workspace.tmp], limits, ({ bytes, files }) => {
      const much = files > limits.files ? `more than ${limits.files} files` : `more than ${Math.floor(limits.bytes / 1024 / 1024)} MB`
      onExceeded(`The job had ${much} in its workspace${bytes > 0 ? '' : ', all of them empty'}.`)
    })
    session.leave = () => this.leave()
    session.child.followDescendants()
  }

  /** The servers, ready to be told to the CLI. */
  async equipment(): Promise<Equipment> {
    const { setup, run, session } = this
    const variables = {
      ...setup.bridge(run),
      trace: run.span?.context ?? null,
      env: setup.env,
      marker: { [workspaceMarker]: session.workspace.root },
    }
    const prepared = await prepareServers(this.tools, setup.rules(), session.workspace, variables)
    return { ...prepared, startTimeoutMs: setup.startTimeoutMs() }
  }

  /** Ends the process. Resolves, when nothing of it is left, with the files that it leaves; none if they are not to be kept. */
  async end(keep: boolean): Promise<KeptFile[]> {
    this.keeps = keep
    await this.session.end()
    return this.files
  }

  /** Called when the process has gone and its folder has not. Never rejects. */
  private async leave(): Promise<void> {
    this.unwatch()
    const { run, session, setup } = this
    try {
      await endProcessesOf(session.workspace.root, workspaceMarker, session.child.sessions)
      const prefix = run.choice === 0 ? '' : `choice-${run.choice}/`
      if (this.keeps) this.files = await setup.files.keep(run.jobId, session.workspace.work, prefix)
    } catch (error) {
      // the disk is full, or the folder has been taken away: the answer stands without its files
      run.trouble?.('the files that a job has left could not be kept', error)
    }
  }
}
