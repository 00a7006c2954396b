/** Where jobs, their folders and files are. */
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, statSync, statfsSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Config } from '../../config.js'
import { RedisConnection } from '../../jobs/redis/connection.js'
import { makeDataDir } from '../../jobs/sqlite/dataDir.js'
import { loadDriver } from '../../jobs/sqlite/driver.js'
import { migrations } from '../../jobs/sqlite/schema.js'
import { WorkspacesNotPrivate, closeWorkspaceRoot, openWorkspaceRoot, workspaceRootOf } from '../../../workspace/workspace.js'
import { type Finding, fault, warning } from './finding.js'

const mb = 1_000_000
/** below this an answer can fail to be stored soon */
const littleRoom = 100 * mb
/** what a job's folder takes at its start, and a little more */
const leastRoom = 1 * mb

export async function checkTmp({ dataDir }: Config): Promise<Finding[]> {
  const folder = os.tmpdir()
  const root = workspaceRootOf(dataDir)
  const there = statSync(root, { throwIfNoEntry: false }) !== undefined
  try {
    openWorkspaceRoot(dataDir)
    const room = roomIn(root)
    if (room < leastRoom) return [fault('tmp_full', `${folder} has no room for the folder of a job`, `Free some of it, or set TMPDIR.`)]
    return room < littleRoom ? [warning('tmp_full', `${folder} has ${mbOf(room)} left`, 'Free some of it, or set TMPDIR.')] : []
  } catch (error) {
    if (error instanceof WorkspacesNotPrivate)
      return [fault('tmp_unusable', error.message, 'Remove it, or set TMPDIR to a folder of your own.')]
    return [
      fault('tmp_unusable', `no folder can be made in ${folder} (${codeOf(error)})`, 'Make it writable, or set TMPDIR to another folder.'),
    ]
  } finally {
    if (!there) await closeWorkspaceRoot(root)
  }
}

export async function checkDataDir({ dataDir }: Config): Promise<Finding[]> {
  const made = statSync(dataDir, { throwIfNoEntry: false }) === undefined
  try {
    makeDataDir(dataDir)
    rmSync(mkdtempSync(path.join(dataDir, 'doctor-')), { recursive: true })
    const room = roomIn(dataDir)
    if (room < leastRoom) return [fault('disk_full', `${dataDir} has no room left`, 'Free some of the disk, or set DATA_DIR.')]
    const little =
      room < littleRoom ? [warning('disk_full', `${dataDir} has ${mbOf(room)} left`, 'Free some of the disk, or set DATA_DIR.')] : []
    return [...little, ...(await checkDatabase(path.join(dataDir, 'jobs.db')))]
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return [fault('disk_full', `${dataDir} has no room left`, 'Free some of the disk, or set DATA_DIR.')]
    return [
      fault('data_dir_unusable', `${dataDir} cannot be written (${code})`, 'Make it a folder that this user can write, or set DATA_DIR.'),
    ]
  } finally {
    // what was not there before is not left behind; one with something in it stays
    if (made) removeEmpty(dataDir)
  }
}

/** Reads the number of the schema beside a server that may have the database open. */
async function checkDatabase(file: string): Promise<Finding[]> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return []
  try {
    const open = await loadDriver()
    const db = open(file)
    try {
      const found = Number(db.prepare('PRAGMA user_version').get()?.user_version)
      if (found <= migrations.length) return []
      const says = `a newer version has written ${file} (schema ${found}, this one knows ${migrations.length})`
      return [fault('database_newer', says, 'Install that version again, or set DATA_DIR to another folder.')]
    } finally {
      db.close()
    }
  } catch (error) {
    const says = `${file} cannot be read as a database: ${messageOf(error)}`
    return [fault('database_unusable', says, 'Restore it from a back-up, or move it away: a new one is made.')]
  }
}

export async function checkRedis({ storeUrl }: Config): Promise<Finding[]> {
  if (storeUrl === undefined) return []
  try {
    const connection = await RedisConnection.open({ url: storeUrl })
    const { warnings } = connection
    await connection.close()
    return warnings.map((text) => {
      // its last sentence says what to set
      const [, says = text, remedy = ''] = /^(.*)\. (Set .*)$/.exec(text) ?? []
      return warning('redis_loses_records', says, remedy)
    })
  } catch (error) {
    const text = messageOf(error)
    if (/cannot be reached/.test(text)) {
      return [fault('redis_away', `STORE_URL: ${text}`, 'Start Redis, or correct the address and the password in STORE_URL.')]
    }
    return [fault('redis_unusable', `STORE_URL: ${text}`, 'Use a Redis of 6.2 or newer that is no Cluster.')]
  }
}

/** Bytes that can be written; a file system that counts none tells the truth only when it is written to. */
function roomIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const trial = path.join(mkdtempSync(path.join(folder, 'doctor-')), 'trial')
  try {
    const file = openSync(trial, 'w', 0o600)
    try {
      writeSync(file, Buffer.alloc(leastRoom / 4))
    } finally {
      closeSync(file)
    }
    return free
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(error))) return 0
    throw error
  } finally {
    rmSync(path.dirname(trial), { recursive: true, force: true })
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // it could not be made
  }
}

const mbOf = (bytes: number) => `${Math.floor(bytes / mb)} MB`
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown'
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
