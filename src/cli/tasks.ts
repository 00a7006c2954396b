/** `tasks`, `task`, `cancel` and `retry`. */
import type { Task } from '../openai/out/response-schemas.js'
import type { TaskQuery } from './backend.js'
import type { Client } from './client.js'
import { type Exit, exits } from './exits.js'
import { follow } from './follow.js'
import { onBackend } from './on-backend.js'
import { say, sayJson, sayLine, table } from './terminal.js'
import { timeOf } from './times.js'

interface Shown {
  json?: boolean
}

export async function listTasks(env: NodeJS.ProcessEnv, client: Client, { json, ...query }: TaskQuery & Shown): Promise<void> {
  const page = await onBackend(env, client, (backend) => backend.tasks(query))
  if (json === true) return sayJson(page)
  const rows = page.data.map((task) => [task.id, task.status, task.model, timeOf(task.created_at), spanOf(task)])
  sayLine(table([['ID', 'STATUS', 'MODEL', 'CREATED', 'TIME'], ...rows]))
  if (page.has_more) sayLine(`… more: --after ${page.last_id}`)
}

/** @param options.follow until its end, with everything that it has said before */
export async function showTask(env: NodeJS.ProcessEnv, client: Client, id: string, options: { follow?: boolean } & Shown): Promise<Exit> {
  const task = await onBackend(env, client, (backend) => backend.task(id))
  if (options.follow === true && !isOver(task)) return follow(client, id, options)
  if (options.json === true) sayJson(task)
  else tell(task)
  return options.follow === true ? endOf(task) : exits.done
}

/** Each is tried; the first that fails decides how the command ends. */
export async function cancelTasks(client: Client, ids: readonly string[], { json }: Shown): Promise<void> {
  for (const id of ids) {
    const task = await client.json<Task>(`/tasks/${encodeURIComponent(id)}/cancel`, { method: 'POST' })
    if (json === true) sayJson(task)
    else sayLine(`${task.id} ${task.status}`)
  }
}

export async function retryTask(client: Client, id: string, options: { follow?: boolean } & Shown): Promise<Exit> {
  const task = await client.json<Task>(`/tasks/${encodeURIComponent(id)}/retry`, { method: 'POST' })
  if (options.follow === true) return follow(client, task.id, options)
  if (options.json === true) sayJson(task)
  else sayLine(task.id)
  return exits.done
}

function isOver({ status }: Task): boolean {
  return ['completed', 'failed', 'cancelled', 'incomplete'].includes(status)
}

function endOf({ status }: Task): Exit {
  return status === 'completed' ? exits.done : exits.unsuccessful
}

function tell(task: Task): void {
  const lines: [string, string | null | undefined][] = [
    ['id', task.id],
    ['status', task.status],
    ['model', task.bridge.model === null ? task.model : `${task.model} (${task.bridge.model})`],
    ['created', timeOf(task.created_at)],
    ['time', spanOf(task) || null],
    ['attempts', String(task.attempts)],
    ['tokens', task.usage && `${task.usage.prompt_tokens} + ${task.usage.completion_tokens}`],
    ['retry of', task.retry_of],
    ['phase', task.progress?.phase],
    ['error', task.error && `${task.error.code}: ${task.error.message}`],
    ['review', task.review?.reason],
    ...task.files.map(({ path, bytes }): [string, string] => ['file', `${path} (${bytes} bytes)`]),
  ]
  for (const [name, value] of lines) if (value != null) sayLine(`${name.padEnd(9)} ${value}`)
  for (const { message } of task.result?.choices ?? []) if (message.content) say(`\n${message.content.replace(/\n?$/, '\n')}`)
}

/** Seconds from its start to its end, or to now. */
function spanOf({ started_at: from, completed_at: to }: Task): string {
  return from === null ? '' : `${Math.max(0, (to ?? Math.floor(Date.now() / 1000)) - from)} s`
}
