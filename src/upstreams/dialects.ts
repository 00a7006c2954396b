/**
 * Which of the bridge's own additions to a request a provider's models take. The settings say it, or a refusal teaches it: some providers do
 * not know `stream_options`, and some accounts may not stream some models.
 */
import { Lru } from '../lru.js'
import type { Dialect } from '../request/upstream-models.js'
import type { Provider } from './settings.js'

/** With `models: "*"` a client makes up names. */
const mostModels = 1000

/** Statuses of a request that is not taken as it is. */
const refusing = [400, 403, 404, 405, 406, 415, 422, 501]

export class Dialects {
  private readonly learnt = new Lru<Dialect>({ entries: mostModels, bytes: mostModels })

  constructor(private readonly settings: Pick<Provider, 'dialect' | 'models'>) {}

  /** What a model is asked in. */
  of(model: string): Dialect {
    return this.learnt.get(model) ?? { stream: true, streamOptions: true, ...this.settled(model) }
  }

  /**
   * The dialect in which a refused request is worth another try; null where the refusal is about something else, or the settings
   * leave no choice.
   *
   * @param text the body of the refusal
   */
  after(model: string, asked: Dialect, status: number, text: string): Dialect | null {
    if (!refusing.includes(status)) return null
    const settled = this.settled(model)
    const about = aboutWhat(text.replaceAll(model, ''), status)
    if (asked.stream && asked.streamOptions && settled.streamOptions === undefined && about.streamOptions) {
      return { ...asked, streamOptions: false }
    }
    return asked.stream && settled.stream === undefined && about.stream ? { ...asked, stream: false } : null
  }

  /** Called where an answer came in a dialect that a refusal has taught. */
  learn(model: string, dialect: Dialect): void {
    this.learnt.set(model, dialect, 1)
  }

  private settled(model: string): Partial<Dialect> {
    return { ...this.settings.dialect, ...this.settings.models.find(({ id }) => id === model)?.dialect }
  }
}

/** What a refusal names. One without a name, of a member that is too much, may be about the bridge's own. */
function aboutWhat(text: string, status: number): { stream: boolean; streamOptions: boolean } {
  const streamOptions = /stream_?options|include_usage/i
  const unnamed =
    (status === 400 || status === 422) && /\b(extra|additional|unexpected)\b/i.test(text) && !/"(loc|param)":\s*["[]/.test(text)
  return {
    streamOptions: streamOptions.test(text) || unnamed,
    stream: /(?<![\w/-])stream(ing|ed|s)?\b/i.test(text.replace(new RegExp(streamOptions, 'gi'), '')),
  }
}
