/** Folders of jobs: those of runs, which go with them, and the files that jobs have left. */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import fp from 'fastify-plugin'
import { workspaceMarker } from '../claude/process/environment.js'
import { makeFolder } from '../make-folder.js'
import { RedisFiles } from '../replicas/files.js'
import { type Files, KeptFiles } from '../../workspace/kept-files.js'
import { removeLeftovers } from '../../workspace/leftovers.js'
import { WorkspaceRoom } from '../../workspace/room.js'
import { closeWorkspaceRoot, openWorkspaceRoot } from '../../workspace/workspace.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** the folder that each run's own is made in */
    workspaceRoot: string
    /** whether there is room for a run's folder */
    workspaceRoom: WorkspaceRoom
    /** what jobs have left */
    files: Files
  }
}

export default fp(
  async (app) => {
    const { dataDir, filesDir } = app.config
    if (filesDir !== undefined) {
      // a folder that cannot be used would show when a job has done its work
      makeFolder(filesDir, 0o700)
      accessSync(filesDir, constants.W_OK | constants.X_OK)
    }
    const workspaceRoot = openWorkspaceRoot(dataDir)
    // the store has locked the data directory: what is left behind in it belongs to no other server
    const removed = await removeLeftovers(workspaceRoot, workspaceMarker)
    if (removed.processes > 0 || removed.folders > 0) app.log.warn(removed, 'ended what an earlier server had left')
    app.decorate('workspaceRoot', workspaceRoot)
    app.decorate('workspaceRoom', new WorkspaceRoom(workspaceRoot))
    const { redis } = app
    const files: Files =
      redis !== null && filesDir === undefined ? new RedisFiles(redis) : new KeptFiles(filesDir ?? path.join(dataDir, 'files'))
    app.decorate('files', files)
    app.addHook('onClose', () => closeWorkspaceRoot(workspaceRoot))
  },
  { name: 'files', dependencies: ['store'] },
)
