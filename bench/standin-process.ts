/** The stand-in as a process of its own, so that its work is not counted as anybody else's. Started by `standin.ts`. */
import { type RecordedRequest, lastUserText, startStandin } from '../test/standin/index.js'
import { replyTo } from './question.js'

const standin = await startStandin({ keep: 400, fallback: (request) => replyTo(lastUserText(request)) })

process.on('message', ({ marker }: { marker: string }) => {
  const record = standin.calls.findLast((call) => lastUserText(call).includes(marker))
  process.send!({ marker, call: record === undefined ? null : told(record) })
})
// whoever started us has gone
process.on('disconnect', () => process.exit())
process.send!({ url: standin.url })

function told({ bytes, body, headers }: RecordedRequest) {
  return { bytes, body, session: headers['x-claude-code-session-id'] ?? null }
}
