/**
 * Verdicts of `npm run check-cli` that ship with the package: of the versions that the tests are run with, on Linux x64. The bytes of the
 * binary stand for its build. Another binary is checked while the server runs (`background.ts`).
 */
import { type CheckedCredential, type ProbeId, type Verdict, probeIds } from './verdict.js'

interface Row {
  version: string
  /** bytes of the binary */
  size: number
  /** what did not pass, and why; the same with either way of starting */
  failed: Partial<Record<ProbeId, string>>
}

const rows: readonly Row[] = [
  { version: '2.1.329', size: 377_545_232, failed: {} },
  { version: '2.1.332', size: 402_325_736, failed: {} },
  {
    version: '2.1.197',
    size: 245_517_112,
    failed: {
      long_text: 'the description is cut at 2,048 characters',
      new_prompt: '`set_model` takes a prompt and ignores it',
      taking_back: 'the first turn cannot be taken back: no preceding assistant',
      warm_up: 'a turn could not be taken back',
    },
  },
]

/** The verdict that ships for a binary; undefined where none does. `size` in bytes. */
export function verdictFor(version: string | null, size: number, credential: CheckedCredential): Verdict | undefined {
  const row = rows.find((each) => each.version === version && each.size === size)
  if (row === undefined) return undefined
  const passed = Object.fromEntries(probeIds.map((id) => [id, row.failed[id] ?? true])) as Verdict['passed']
  return { version: row.version, size, credential, passed }
}
