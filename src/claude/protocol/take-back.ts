/** Takes turns back, by a control request that no page documents: each answer is checked, and it is used only where the CLI was seen to do it. */
import type { ControlChannel } from './control.js'
import { objectIn, textIn } from './loose.js'

/** The process is not where it should be: nothing can be said to it any more. */
export class NotTakenBack extends Error {
  override readonly name = 'NotTakenBack'
}

export interface Target {
  /** of the last line of the user's that the process holds */
  uuid: string
  /** what that line said; null where it was more than one text */
  text: string | null
  /** whether an answer of the model's comes before it; left out: not looked at */
  leavesAnswer?: boolean
}

/**
 * @param targets the last first
 * @returns for each the `uuid` of the model's line that is left before it; null: none is
 * @throws NotTakenBack, ControlRefused
 */
export async function takeBack(control: ControlChannel, targets: readonly Target[]): Promise<(string | null)[]> {
  // in the order of the lines: no need to wait for each
  const answers = await Promise.all(
    targets.map(({ uuid }) => control.request({ subtype: 'rewind_conversation', target_message_uuid: uuid })),
  )
  return targets.map(({ uuid, text, leavesAnswer }, index) => {
    const answer = objectIn(answers[index])
    if (answer?.['rewound'] !== true) throw new NotTakenBack(`a turn could not be taken back: ${textIn(answer?.['reason']) ?? 'no reason'}`)
    if (answer['targetMessageUuid'] !== uuid) throw new NotTakenBack('another turn was taken back than the one that was meant')
    if (text !== null && answer['prefillText'] !== text) throw new NotTakenBack('what was taken back is not what had been said')
    const left = textIn(answer['precedingAssistantUuid']) ?? null
    if (leavesAnswer !== undefined && (left !== null) !== leavesAnswer) throw new NotTakenBack('the conversation is not where it should be')
    return left
  })
}
