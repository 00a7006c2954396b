/** What is said of a place that there is not: for what other servers have there, what to use here. */
import { BridgeError } from '../errors/catalogue.js'

const use = {
  files: 'Send files in the request itself: `file` parts with `file_data`, images as `image_url`.',
  tasks: 'Ask for each answer as a task: `POST /tasks`, or `Prefer: respond-async` on /v1/chat/completions.',
  responses: 'Use /v1/responses with `previous_response_id`, which keeps the conversation.',
  chat: 'Use /v1/chat/completions, which has the same as `messages`.',
  none: 'There is no such model here; use /v1/chat/completions for text.',
}

/** By the first part of the path behind `/v1`. */
const instead: Record<string, string> = {
  files: use.files,
  uploads: use.files,
  containers: use.files,
  batches: use.tasks,
  assistants: use.responses,
  threads: use.responses,
  conversations: use.responses,
  vector_stores: 'There is no search in files; send the text in the request.',
  fine_tuning: 'Models cannot be trained here; GET /v1/models lists those there are.',
  evals: 'There are no stored evaluations; `validation` in a chat request checks its answer.',
  completions: use.chat,
  engines: 'GET /v1/models lists the models.',
  embeddings: use.none,
  moderations: use.none,
  images: use.none,
  audio: use.none,
  videos: use.none,
  realtime: 'Use /v1/chat/completions or /v1/responses with `stream: true`.',
  organization: 'There is no administration over HTTP; /health and /metrics tell of this server.',
  messages: "This is not Anthropic's API: use /v1/chat/completions, which takes its tools and its messages.",
  complete: use.chat,
  api: "This is not Ollama's API: use /v1/chat/completions and GET /v1/models.",
  generate: use.chat,
}

/** Which method a known place takes. */
const methods: [place: RegExp, method: string][] = [
  [/^(\/v1)?\/chat\/completions(\/check)?$/, 'POST'],
  [/^(\/v1)?\/responses$/, 'POST'],
  [/^(\/v1)?\/models(\/|$)/, 'GET'],
]

/** 404 `unknown_url`, with one sentence on what to use where that is known. */
export function unknownUrl(method: string, url: string): BridgeError {
  const path = url.split('?')[0]!
  return new BridgeError('unknown_url', `There is nothing at ${method} ${path.slice(0, 200)}.${hint(method, path)}`)
}

function hint(method: string, path: string): string {
  const [, other] = methods.find(([place, taken]) => place.test(path) && taken !== method) ?? []
  if (other !== undefined) return ` Use ${other}.`
  if (/\/responses\/(compact|input_tokens)$/.test(path)) return ' A response is made with POST /v1/responses alone.'
  const first = path.replace(/^\/v\d+(?=\/)/, '').split('/')[1] ?? ''
  return Object.hasOwn(instead, first) ? ` ${instead[first]!}` : ''
}
