import t from 'tap'
import { canMove, isFinal, statuses } from '../../src/jobs/status.js'

t.strictSame(statuses.filter(isFinal), ['completed', 'failed', 'cancelled', 'incomplete'], 'four are final')

const moves = statuses.flatMap((from) => statuses.filter((to) => canMove(from, to)).map((to) => `${from} > ${to}`))
t.strictSame(
  moves,
  [
    'queued > in_progress',
    'queued > failed',
    'queued > cancelled',
    'in_progress > queued',
    'in_progress > requires_action',
    'in_progress > completed',
    'in_progress > failed',
    'in_progress > cancelled',
    'in_progress > incomplete',
    'requires_action > queued',
    'requires_action > in_progress',
    'requires_action > completed',
    'requires_action > failed',
    'requires_action > cancelled',
  ],
  'no other moves',
)
