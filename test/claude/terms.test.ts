/** Who is warned that a subscription is for its owner's own use. */
import t from 'tap'
import { subscriptionWarning } from '../../src/claude/terms.js'

for (const credential of ['oauth_token', 'login'] as const) {
  t.match(subscriptionWarning({ credential, keys: 2, exposed: false }), /has 2 keys.*own use/)
  t.match(subscriptionWarning({ credential, keys: 1, exposed: true }), /other machines reach.*own use/)
  t.equal(subscriptionWarning({ credential, keys: 1, exposed: false }), null)
  t.equal(subscriptionWarning({ credential, keys: 0, exposed: false }), null)
}
for (const credential of ['api_key', 'auth_token', 'bedrock', 'vertex', 'foundry'] as const) {
  t.equal(subscriptionWarning({ credential, keys: 9, exposed: true }), null, credential)
}
