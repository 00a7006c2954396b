/**
 * The prompt cache with a subscription: the CLI puts a note of its own behind the first question, which names the process's own folder,
 * and in a replay the date stands at the end. All else is the same; what the cache can use again is the system prompt and the tools.
 */
import t from 'tap'
import { startBridge } from '../helper.js'
import { chat, loop, wire } from './prefix.js'
import { realCli } from './real-cli.js'

const bridge = await startBridge(t, {
  env: { WARM_PROCESSES: '1', ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: 'token-of-the-stand-in' },
  warm: { total: 2, parked: 4 },
})

/** It has the date in front of the first question, in a replay as well. */
const dateInFront = (await realCli()).version === '2.1.197'

/** As they stand in the JSON of the messages. */
const dateInNote = /\\n\\nToday's date is [\d-]+\."/
const dateAtEnd = /,\{"role":"system","content":\[\{"type":"text","text":"Today's date is [\d-]+\."\}\]\}\]$/

for (const [name, make] of Object.entries({ chat, loop })) {
  await t.test(name, async (t) => {
    const { live, replayed } = await make(bridge, t)
    for (const member of ['system', 'tools'] as const) t.equal(wire(replayed, member), wire(live, member), member)
    const [told, toldAgain] = [live, replayed].map((call) => wire(call, 'messages').replaceAll(/job-\w+/g, 'job')) as [string, string]
    if (dateInFront) t.match([told, toldAgain], [/# currentDate/, /# currentDate/])
    else t.match([told, toldAgain], [dateInNote, dateAtEnd])
    t.equal(toldAgain.replace(dateAtEnd, ']'), told.replace(dateInNote, '"'), 'the same but for the folder and the place of the date')
  })
}
