/**
 * A process's first turn costs it 40 ms more than its second: most of the program runs for the first time. A ready process therefore
 * makes one turn that never leaves it, before a job waits for it. The CLI refuses the turn by itself, for a header that cannot be sent; the
 * turn is then taken back, so that the conversation is as empty as before, and what the CLI sends later is the same byte for byte.
 */
import { randomUUID } from 'node:crypto'
import type { Abilities } from '../check/verdict.js'
import type { CliMessage } from '../protocol/messages.js'
import type { ControlChannel } from '../protocol/control.js'
import { takeBack } from '../protocol/take-back.js'
import type { LaunchProfile } from '../process/launch-flags.js'
import { type PlainTextMark, userLine } from '../turn/transcript.js'

/** The process did something else than was expected of it: it is of no use, and no other is to be exercised. */
export class NotExercised extends Error {
  override readonly name = 'NotExercised'
}

/** A prompt is set by naming the model that runs, which the CLI cannot confirm under this name. */
const unconfirmedName = /^haiku(?:\[|$)/

/** Whether processes of a profile can be exercised: a schema for the answer can only be set before the first turn. */
export function canBeExercised({ model, output }: LaunchProfile, { warmUp }: Abilities): boolean {
  return warmUp && canBeToldAgain(model) && !output
}

/** Whether a process of a model takes another prompt later. */
export function canBeToldAgain(model: string): boolean {
  return !unconfirmedName.test(model)
}

/** No HTTP header can have a space in its name. */
const unsendable = 'no header: here'

/**
 * `ask` says a line and resolves with the `result`; `headers` are the user's own, which are set again afterwards.
 * @throws NotExercised, NotTakenBack, ControlRefused
 */
export async function exercise(
  control: ControlChannel,
  ask: (line: object) => Promise<CliMessage>,
  mark: PlainTextMark,
  headers: string,
): Promise<void> {
  const uuid = randomUUID()
  // a recorded prompt could not be set any more
  await control.request({ subtype: 'initialize', systemPromptSnapshot: false })
  await control.request(headersSetting(unsendable))
  const text = '-'
  const result = await ask(userLine([{ type: 'text', text }], mark, false, uuid))
  if (result['is_error'] !== true) throw new NotExercised('a turn that should not have been sent was answered')
  await takeBack(control, [{ uuid, text, leavesAnswer: false }])
  await control.request(headersSetting(headers))
}

function headersSetting(headers: string): { subtype: string; settings: object } {
  return { subtype: 'apply_flag_settings', settings: { env: { ANTHROPIC_CUSTOM_HEADERS: headers } } }
}
