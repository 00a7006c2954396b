import t from 'tap'
import { reuseKey } from '../../src/claude/pool/reuse-key.js'
import { type FieldPlaces, fieldPlaces, fieldsAt } from '../../src/claude/turn/field-places.js'
import { chatProfile } from '../../src/claude/process/launch-flags.js'
import { promptOf } from '../../src/claude/turn/settings.js'
import { turnSettings } from '../../src/claude/turn/turn-settings.js'
import type { ClaudeRequest } from '../../src/request/conversation.js'

/** What the compiler has to refuse: with no error on the next line, `@ts-expect-error` is one itself. */
const incomplete = (table: Omit<typeof fieldPlaces, 'stop'>) =>
  // @ts-expect-error a field of a request is left out
  table satisfies FieldPlaces
t.type(incomplete, 'function')
// @ts-expect-error there is no such place
;({ ...fieldPlaces, stop: ['sometimes'] }) satisfies FieldPlaces
// @ts-expect-error a field that acts on each turn cannot decide the launch profile
chatProfile({ model: 'm', maxTokens: 1 }, 'api_key')

const plain: ClaudeRequest = { kind: 'claude', model: 'm', system: [], turns: [] }
/** Another value of each field that a process is told of. */
const others: Required<Omit<ClaudeRequest, 'kind' | 'depth' | 'response' | 'turns' | 'clientRetries'>> = {
  model: 'other',
  person: 'ben',
  effort: 'none',
  inside: { servers: [], fileTools: ['Read'] },
  output: { name: 'a', schema: { type: 'object' } },
  system: ['other'],
  tools: [{ name: 'a', parameters: {} }],
  maxTokens: 1,
  stop: ['END'],
  toolChoice: 'required',
  parallelToolCalls: false,
  sampling: { temperature: 0.5 },
}

/** What the value is another one of: a choice is one among tools, and a prompt takes the place of a prompt. */
const bases: Partial<Record<keyof typeof others, ClaudeRequest>> = {
  toolChoice: { ...plain, tools: others.tools },
  parallelToolCalls: { ...plain, tools: others.tools },
  system: { ...plain, system: ['one'] },
}

await t.test('each field has its effect where the table says, and only there', async (t) => {
  for (const field of Object.keys(others) as (keyof typeof others)[]) {
    const before = bases[field] ?? plain
    const after = { ...before, [field]: others[field] }
    const changed = (of: (request: ClaudeRequest) => unknown) => JSON.stringify(of(before)) !== JSON.stringify(of(after))
    const has = (place: Parameters<typeof fieldsAt>[0]) => (fieldsAt(place) as string[]).includes(field)
    t.equal(
      changed((request) => chatProfile(request, 'login').key),
      has('launch'),
      `${field}: launch`,
    )
    t.equal(
      changed((request) => reuseKey('anna', 'profile', request)),
      has('once per process') || has('owner'),
      `${field}: once per process`,
    )
    t.equal(
      changed((request) => promptOf(request)),
      has('prompt'),
      `${field}: prompt`,
    )
    t.equal(
      changed((request) => turnSettings(request, false)),
      has('each turn'),
      `${field}: each turn`,
    )
  }
})
