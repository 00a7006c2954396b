/** Stored responses with long logs, put into a data directory before a server takes it up. */
import { recordedEcho, toEcho } from '../src/openai/responses/echo.js'
import { outputItemId, responseId } from '../src/openai/responses/ids.js'
import { seedLongJob } from './long-job.js'

export interface LongResponse {
  task: string
  response: string
  /** id of its message */
  item: string
}

/** @param events of each log, the end included */
export async function seedLongResponses(dataDir: string, count: number, events: number): Promise<LongResponse[]> {
  const view = { response: recordedEcho(toEcho({ model: 'sonnet', input: 'x' })) }
  const made: LongResponse[] = []
  for (let index = 0; index < count; index++) {
    const task = await seedLongJob(dataDir, events, view)
    made.push({ task, response: responseId(task), item: outputItemId('message', task, 0) })
  }
  return made
}
