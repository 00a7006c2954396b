/**
 * The body of a chat request -> what the bridge has to do. Some editors send the Responses API's body to the chat route and read the answer
 * as a chat completion (Cursor does): it is known by its `input`, without `messages`.
 */
import type { ClaudeRequest } from '../request/conversation.js'
import type { InnerRequest } from '../request/job-request.js'
import type { ParsedRequest } from '../request/parsed-request.js'
import type { Jobs } from '../jobs/jobs.js'
import type { ChatOptions } from '../openai/in/chat-options.js'
import { parseLargeChat } from '../openai/in/parse-chat.js'
import type { CheckedChat } from '../openai/in/validate-chat.js'
import { checkOwnFields, parseResponseRequest } from '../openai/responses/parse.js'
import type { ResponseRequest } from '../openai/responses/request.js'
import { readContext } from './response-context.js'

/** Whether a body, of any shape, is the Responses API's. */
export function isResponsesBody(body: unknown): body is ResponseRequest {
  if (typeof body !== 'object' || body === null || !('input' in body) || body.input == null) return false
  const { messages, question } = body as { messages?: unknown; question?: unknown }
  return messages == null && question == null
}

/** `body` has passed the schema of its kind; `text`: the JSON it was read from. @throws BridgeError 400 with `param`, 404 */
export async function parseChatBody(
  body: CheckedChat | ResponseRequest,
  asking: { jobs: Jobs; owner: string; options: ChatOptions; text: string | undefined },
): Promise<ParsedRequest<InnerRequest>> {
  if (!isResponsesBody(body)) return parseLargeChat(body, asking.options, asking.text)
  checkOwnFields(body)
  const { claudeModel, aliases, models, allowedModels, passSampling, aliasModels } = asking.options
  const { run, ...parsed } = await parseResponseRequest(body, {
    ...(await readContext(asking.jobs, body, asking.owner)),
    ...{ claudeModel, allowedModels },
    ...(aliases && { aliases }),
    ...(models && { models }),
    ...(passSampling !== undefined && { passSampling }),
    ...(aliasModels !== undefined && { aliasModels }),
  })
  const asked: ClaudeRequest = { ...run }
  // that of a response, which this answer is not
  delete asked.response
  const includeUsage = (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true
  return { ...parsed, run: asked, delivery: body.stream === true ? 'stream' : 'block', includeUsage }
}
