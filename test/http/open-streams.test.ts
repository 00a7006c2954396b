/** How many event streams an owner may have open, and how much of its answers may wait to be taken. */
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { OpenStreams } from '../../src/http/open-streams.js'
import { Unsent } from '../../src/http/unsent.js'

const response = () => new EventEmitter() as ServerResponse

/** What a call throws. */
function thrown(call: () => void): unknown {
  try {
    return void call()
  } catch (error) {
    return error
  }
}

await t.test('streams are counted by owner until they are closed', async (t) => {
  const streams = new OpenStreams(() => 2)
  const [first, second] = [response(), response()]
  streams.enter('anna', first)
  streams.enter('anna', second)
  t.match(
    thrown(() => streams.enter('anna', response())),
    { failure: { code: 'rate_limit_exceeded', message: /MAX_STREAMS/, retryAfter: 5 } },
  )
  streams.enter('bert', response())
  first.emit('close')
  streams.enter('anna', response())
  t.throws(() => streams.enter('anna', response()))
  second.emit('close')
  t.equal(streams.of('anna'), 1)
})

await t.test('answers that wait', async (t) => {
  const unsent = new Unsent({ freeAnswerBytes: 10, unsentBytes: 200 })
  unsent.hold('anna', 10, response())
  t.equal(unsent.bytes, 0, 'small ones are not counted')
  const [large, other] = [response(), response()]
  unsent.hold('anna', 150, large)
  t.match(
    thrown(() => unsent.hold('anna', 11, response())),
    { failure: { code: 'server_is_overloaded', retryAfter: 5 } },
    'half of it is for one owner',
  )
  unsent.hold('bert', 500, other)
  t.equal(unsent.bytes, 650, 'one of any size is let through where there is no other')
  other.emit('close')
  large.emit('close')
  t.equal(unsent.bytes, 0)
  unsent.hold('anna', 60, response())
  unsent.hold('anna', 40, response())
  unsent.hold('bert', 60, response())
  t.match(
    thrown(() => unsent.hold('bert', 40.5, response())),
    { failure: { code: 'server_is_overloaded' } },
    'all owners together',
  )
})
