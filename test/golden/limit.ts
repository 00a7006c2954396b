/** Runs sequences of exchanges side by side, as many as the bridges of tests have slots, so that none ever has to wait in a queue. */
import { inParallel } from '../claude/harness.js'

export async function sideBySide(...sequences: readonly (() => Promise<unknown>)[]): Promise<void> {
  await inParallel(sequences, 4, (sequence) => sequence())
}
