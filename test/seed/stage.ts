/** The bridge with models behind it that play their parts: the stand-in for Claude, and one provider on loopback for all other names. */
import type { Test } from 'tap'
import { type Bridge, onlyParked, startBridge } from '../helper.js'
import { framesOf } from '../helper-sse.js'
import {
  type RecordedRequest,
  type Reply,
  contains,
  httpError,
  message,
  structuredOutput,
  systemText,
  toolResults,
  toolUse,
  userTexts,
} from '../standin/index.js'
import { type Asked, type TestProvider, answer, chunk, failing, startProvider, stream } from '../upstreams/provider.js'
import { validatorSystem } from '../../src/validation/agent/verdict.js'
import { type SeedCase, bodyOf } from './cases.js'
import { type Said, type Story, keyOf } from './story.js'

export interface Played {
  status: number
  /** of the answer, or the error's message */
  text: string
  body: Body
  /** what reached the model: its own messages alone, without those of validators */
  calls: (RecordedRequest | Asked)[]
  /** what the tools it used said, errors as `error: …` */
  results: string[]
  /** what validators asked */
  checks: RecordedRequest[]
}

export interface Body {
  choices?: { message: { content: string | null }; finish_reason: string }[]
  bridge?: { attempts: number; ignored: string[]; task_id: string }
  error?: { code: string; message: string; param: string | null }
}

interface Part extends Pick<Played, 'calls' | 'results' | 'checks'> {
  story: Story
  key: string
}

export class Stage {
  private readonly parts = new Set<Part>()

  constructor(
    readonly bridge: Bridge,
    provider: TestProvider,
  ) {
    bridge.standin.when(
      () => true,
      (request) => this.claude(request),
    )
    provider.when('', (response, asked) => this.other(asked)(response, asked))
  }

  /** Posts a case as its users did. No two with the same question may be on at once. */
  async play(one: SeedCase, story: Story): Promise<Played> {
    const part: Part = { story, key: keyOf(one, story), calls: [], results: [], checks: [] }
    if ([...this.parts].some(({ key }) => key === part.key)) throw new Error(`${one.id}: its question is being asked already`)
    this.parts.add(part)
    const body = bodyOf(one, story.prompt)
    const response = await this.bridge.post('/v1/chat/completions', body)
    const { status } = response
    const { calls, results, checks } = part
    if (body['stream'] === true && status === 200) {
      const frames = await framesOf(response)
      this.parts.delete(part)
      return { status, text: frames.map(({ data }) => deltaOf(data)).join(''), body: {}, calls, results, checks }
    }
    const answered = (await response.json()) as Body
    this.parts.delete(part)
    return { status, text: answered.choices?.[0]?.message.content ?? answered.error?.message ?? '', body: answered, calls, results, checks }
  }

  private claude(request: RecordedRequest): Reply {
    if (systemText(request).includes(validatorSystem)) {
      const part = this.one(
        ({ story: { says, verdicts } }) => verdicts !== undefined && says.some((said) => contains(request, textOf(said))),
      )
      part.checks.push(request)
      return message(structuredOutput(turn(part.story.verdicts!, part.checks.length)))
    }
    const part = this.one(({ key }) => userTexts(request).includes(key) || systemText(request) === key)
    const last = turn(part.story.says, part.calls.length)
    // a result of the CLI's own tool for JSON answers may stand beside the feedback
    const results = typeof last === 'object' && 'uses' in last ? toolResults(request) : []
    if (results.length === 0) part.calls.push(request)
    part.results.push(...results.map(({ isError, text }) => (isError ? `error: ${text}` : text)))
    const said = turn(part.story.says, part.calls.length)
    if (typeof said === 'object' && 'fails' in said) return httpError(said.fails)
    if (typeof said === 'object' && 'uses' in said) {
      // one after the other, each in a call of its own
      const use = said.uses[part.results.length]
      return message(use === undefined ? said.then : toolUse(...use))
    }
    const wantsJson = request.body.tools?.some(({ name }) => name === 'StructuredOutput')
    return message(wantsJson ? structuredOutput(JSON.parse(textOf(said)) as object) : textOf(said))
  }

  private other(asked: Asked): ReturnType<typeof answer> {
    const part = this.one(({ key }) => asked.body.messages.some(({ content }) => content === key))
    part.calls.push(asked)
    const said = turn(part.story.says, part.calls.length)
    if (typeof said === 'string') return answer(said)
    if (!('fails' in said) && !('cut' in said)) return () => undefined
    if ('fails' in said) return failing(said.fails, { error: { message: 'not now' } })
    return stream([chunk({ role: 'assistant', content: said.cut }), chunk({}, 'length')])
  }

  private one(fits: (part: Part) => boolean): Part {
    const found = [...this.parts].find(fits)
    if (found === undefined) throw new Error('nobody has asked that')
    return found
  }
}

/** Started once per file. `meta-task/…`, a name that nobody served there, is a provider here that says its part like any other. */
export async function openStage(t: Test): Promise<Stage> {
  const provider = await startProvider(t)
  const settings = Object.fromEntries(
    ['openai', 'vertex_ai', 'meta-task'].map((name) => [
      name,
      { base_url: provider.url, models: name === 'openai' ? ['gpt-3.5-turbo', '*'] : '*' },
    ]),
  )
  return new Stage(await startBridge(t, { warm: onlyParked, env: { WARM_PROCESSES: '1', UPSTREAMS: JSON.stringify(settings) } }), provider)
}

const turn = <T>(all: readonly T[], number: number): T => all[Math.min(number, all.length) - 1]!

export function textOf(said: Said | undefined): string {
  if (typeof said === 'string') return said
  if (said === undefined) return ''
  return 'cut' in said ? said.cut : 'uses' in said ? said.then : ''
}

function deltaOf(data: string | undefined): string {
  if (data === undefined || data === '[DONE]') return ''
  const { choices } = JSON.parse(data) as { choices: { delta: { content?: string } }[] }
  return choices[0]?.delta.content ?? ''
}
