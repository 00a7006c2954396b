import t from 'tap'
import { told } from '../../src/http/rate-headers.js'

const theirs = {
  'x-ratelimit-limit-requests': '100',
  'x-ratelimit-remaining-requests': '3',
  'x-ratelimit-limit-tokens': '1000',
  'x-ratelimit-remaining-tokens': '900',
  'x-ratelimit-policy': 'x',
}

await t.test('of each kind, the one that leaves less', (t) => {
  t.strictSame(told({}, theirs), theirs)
  const ours = { 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-remaining-tokens': '10' }
  t.strictSame(told(ours, theirs), {
    'x-ratelimit-limit-requests': '100',
    'x-ratelimit-remaining-requests': '3',
    'x-ratelimit-policy': 'x',
  })
  t.strictSame(told({ 'x-ratelimit-remaining-tokens': '10' }, { 'x-ratelimit-limit-tokens': '9' }), {}, 'never a mixture of both')
  t.end()
})
