/** Plays cases and asserts what holds for each of them. */
import type { Test } from 'tap'
import { type RecordedRequest, contains, userTexts } from '../standin/index.js'
import { type SeedCase, bodyOf } from './cases.js'
import { type Played, type Stage, textOf } from './stage.js'
import { type Story, keyOf } from './story.js'

/** How it ends, what reached the model, and what each further attempt was told. */
export async function perform(t: Test, stage: Stage, one: SeedCase, story: Story): Promise<Played> {
  const { id } = one
  const { says, error, attempts = 1, ignored } = story
  const played = await stage.play(one, story)
  const { status, text, body, calls, checks } = played
  const said = `${id}: ${status} ${text}`
  t.equal(status, error?.status ?? 200, said)
  t.equal(calls.length, attempts, `${id}: calls of the model`)
  if (error !== undefined) t.match(body.error, { code: error.code, ...(error.param && { param: error.param }) }, said)
  else t.equal(plain(text), plain(textOf(says.at(-1))), said)
  if (body.bridge) t.equal(body.bridge.attempts, attempts, `${id}: attempts`)
  if (ignored && body.bridge)
    t.strictSame(
      ignored.filter((name) => !body.bridge!.ignored.includes(name)),
      [],
      `${id}: ignored`,
    )
  if (story.verdicts) t.equal(checks.length, attempts, `${id}: questions of its validator`)

  const request = bodyOf(one, story.prompt) as { messages?: { role: string; content: unknown }[] }
  for (const call of calls) {
    for (const { content } of request.messages ?? []) {
      if (typeof content === 'string') t.ok(contains(call as RecordedRequest, content), `${id}: the caller's words reach the model`)
    }
  }
  for (let number = 1; number < calls.length; number++) {
    const before = says[number - 1] ?? says.at(-1)
    if (typeof before === 'object' && 'fails' in before) continue
    const feedback = lastText(calls[number]!)
    t.match(feedback, /^Your last answer did not pass its validation:\n\n1\. \[\w+\] /, `${id}: feedback`)
    const quoted =
      story.verdicts === undefined
        ? keyOf(one, story)
            .split('\n')
            .map((line) => `> ${line}`)
            .join('\n')
        : 'The original request was:\n\n> '
    t.ok(feedback.includes(quoted), `${id}: feedback quotes the request`)
    const verdict = story.verdicts?.[number - 1] ?? story.verdicts?.at(-1)
    if (verdict) t.ok(feedback.includes(verdict.reasoning), `${id}: feedback tells the validator's reasoning`)
  }
  return played
}

/** At most `bound` at once; of those with the same question one after the other. */
export async function each(
  list: readonly [SeedCase, Story][],
  bound: number,
  task: (one: SeedCase, story: Story) => Promise<unknown>,
): Promise<void> {
  const open = [...list]
  const busy = new Set<string>()
  const next = async (): Promise<void> => {
    const at = open.findIndex(([one, story]) => !busy.has(keyOf(one, story)))
    if (at === -1) return
    const [[one, story]] = open.splice(at, 1) as [[SeedCase, Story]]
    const key = keyOf(one, story)
    busy.add(key)
    await task(one, story)
    busy.delete(key)
    return next()
  }
  while (open.length > 0) await Promise.all(Array.from({ length: bound }, next))
}

function lastText(call: Played['calls'][number]): string {
  if ('path' in call && 'left' in call) return String(call.body.messages.at(-1)?.content)
  return userTexts(call).at(-1) ?? ''
}

/** JSON is compared as a value: what the model says as structured output comes in the CLI's own spelling. */
function plain(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
