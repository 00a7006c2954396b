/** What the package exports: types of the task API and of its events, and of OpenAI's answers as the bridge gives them. No code. */
export type { JobEvent, LoggedEvent } from './jobs/events.js'
export type { JobStatus } from './jobs/status.js'
export type { TaskEvent } from './tasks/task-event.js'
export type {
  Bridge,
  Chunk,
  Completion,
  CompletionUsage,
  ErrorBody,
  Model,
  RequestCheck,
  Task,
  TaskList,
} from './openai/out/response-schemas.js'
export type { UsageList } from './spending/usage-list.js'
