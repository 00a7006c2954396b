/**
 * A response is a view of a job, and its id says so: `resp_` and the 24 characters of the task. The ids of its output
 * items are made of the same characters and their place, so that an item can be found again from its id alone.
 */
const key = '[A-Za-z0-9]{24}'
const responseForm = new RegExp(`^resp_(${key})$`)
const itemForm = new RegExp(`^(?:rs|msg|fc|ctc)_(${key})_(\\d{1,9})$`)

const prefixes = {
  ...{ reasoning: 'rs', message: 'msg', function_call: 'fc', function_call_output: 'fco' },
  ...{ custom_tool_call: 'ctc', custom_tool_call_output: 'ctco' },
} as const

export type ItemType = keyof typeof prefixes

/** `task_abc…` -> `resp_abc…` */
export function responseId(taskId: string): string {
  return `resp_${keyOf(taskId)}`
}

/** `resp_abc…` -> `task_abc…`; null for what is no id of a response. */
export function taskIdOfResponse(id: string): string | null {
  const found = responseForm.exec(id)
  return found === null ? null : `task_${found[1]}`
}

/** `msg_abc…_0` for the first item of the output. */
export function outputItemId(type: ItemType, taskId: string, index: number): string {
  return `${prefixes[type]}_${keyOf(taskId)}_${index}`
}

/** `msg_abc…_in0` for the first item of the input. */
export function inputItemId(type: ItemType, taskId: string, index: number): string {
  return `${prefixes[type]}_${keyOf(taskId)}_in${index}`
}

/** The task that an output item's id speaks of; null for every other id. */
export function taskIdOfItem(id: string): string | null {
  const found = itemForm.exec(id)
  return found === null ? null : `task_${found[1]}`
}

function keyOf(taskId: string): string {
  return taskId.replace(/^task_/, '')
}
