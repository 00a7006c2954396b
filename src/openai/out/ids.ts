/**
 * The id of a completion is the id of its task under OpenAI's prefix, so that each can be told from the other: a client
 * that kept only the completion can still ask for the task.
 */
const taskPrefix = 'task_'
const completionPrefix = 'chatcmpl-'

/** `task_abc` -> `chatcmpl-abc` */
export function completionId(taskId: string): string {
  return completionPrefix + (taskId.startsWith(taskPrefix) ? taskId.slice(taskPrefix.length) : taskId)
}

/** `chatcmpl-abc` -> `task_abc`; null for what is no completion's id. */
export function taskIdOf(id: string): string | null {
  return id.startsWith(completionPrefix) ? taskPrefix + id.slice(completionPrefix.length) : null
}
