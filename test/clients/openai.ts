/** The official client, pointed at a bridge. */
import OpenAI, { type ClientOptions } from 'openai'
import type { Bridge } from '../helper.js'

/** Without retries: one call is one request. */
export function clientOf(bridge: Pick<Bridge, 'url'>, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ apiKey: 'none', baseURL: `${bridge.url}/v1`, maxRetries: 0, ...options })
}

export type Params = OpenAI.ChatCompletionCreateParamsNonStreaming
export type StreamParams = OpenAI.ChatCompletionCreateParamsStreaming

export function question(content: string, more: Partial<Params> = {}): Params {
  return { model: 'sonnet', messages: [{ role: 'user', content }], ...more }
}

export function streamed(content: string, more: Partial<StreamParams> = {}): StreamParams {
  return { model: 'sonnet', messages: [{ role: 'user', content }], ...more, stream: true }
}

export type Chunk = OpenAI.ChatCompletionChunk

export async function collect(stream: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

export function textOf(chunks: readonly Chunk[], index = 0): string {
  return chunks
    .flatMap((chunk) => chunk.choices)
    .filter((choice) => choice.index === index)
    .map((choice) => choice.delta.content ?? '')
    .join('')
}

/** What a promise is rejected with; null where it is not. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
    return null
  } catch (error) {
    return error
  }
}
