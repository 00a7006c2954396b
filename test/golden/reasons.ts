/** Why a cell of the table is empty. The first rule that fits gives the reason. */
import type { ErrorCode } from '../../src/errors/catalogue.js'

const rules: readonly [fits: (route: string, way: string, ending: string) => boolean, reason: string][] = [
  [(_route, _way, ending) => ending === 'read', 'nothing is read there, or another ending tells it'],
  [(route) => /^GET \/(health|metrics|openapi|docs|$)|models/.test(route), 'the route runs no job'],
  [(route) => /check$|input_items$|files/.test(route), 'the route runs no job'],
  [(route) => route.startsWith('DELETE'), 'the route ends and forgets jobs, whatever their ending'],
  [
    (_route, _way, ending) => /^(provider|upstream): /.test(ending),
    'the ending comes of the executor, which is the same behind every way; POST /v1/chat/completions has it',
  ],
  [
    (_route, _way, ending) => /_|cancel/.test(ending) && !ending.includes(':'),
    'an error of the catalogue is told in one place, and each is provoked by the shortest way to it',
  ],
  [() => true, 'the ending is a property of the job, which another way of taking the same job shows'],
]

export function reasonFor(route: string, way: string, ending: string): string {
  return rules.find(([fits]) => fits(route, way, ending))![1]
}

/** Codes of the catalogue that no recorded exchange shows, and why. */
export const notProvoked: Partial<Record<ErrorCode, string>> = {
  request_timeout: 'the body comes too slowly; test/routes/slow-requests.test.ts provokes it',
  admin_key_required: 'needs ADMIN_KEY; test/routes/spending.test.ts provokes it',
  key_not_found: 'needs ADMIN_KEY; test/routes/admin-keys.test.ts provokes it',
  invalid_configuration: 'the file is changed while the server runs; test/config/reload.test.ts provokes it',
  task_unfinished: 'of POST /tasks/:id/retry; test/routes/retry.test.ts provokes it',
  request_not_kept: 'a request is taken out of the database; test/routes/retry.test.ts provokes it',
  record_unreadable: 'a record in the database is damaged; test/jobs/unreadable.test.ts provokes it',
  review_expired: 'a review expires with its task, after at least a second that a busy machine may need for the review itself',
  validator_failed: 'a check that takes longer than 5 s; test/validation/threads.test.ts has such checks',
  server_shutdown: 'the server ends; test/http/server-stop.test.ts and test/http/closing.test.ts provoke it',
  store_full: 'Redis is full; test/replicas/redis-trouble.test.ts provokes it',
  store_unavailable: 'Redis is away; test/replicas/redis-trouble.test.ts provokes it',
  log_lost: 'Redis has lost events; test/replicas/redis-trouble.test.ts provokes it',
  output_not_valid: 'needs several turns of the CLI; test/routes/structured.test.ts provokes it',
  cli_failed: 'needs another program in place of the CLI; test/claude/stubs.test.ts provokes it',
  mcp_server_failed: 'the message has the limit of the start in it and the order of servers; test/mcp/servers.test.ts provokes it',
  workspace_limit_exceeded: 'a job is looked at in intervals; test/mcp/servers.test.ts provokes it',
  interrupted: 'the server is killed; test/chaos/kill-9.test.ts and test/routes/responses-restart.test.ts provoke it',
  internal_error: 'needs a fault of the server; test/jobs/store-faults.test.ts provokes it',
}
